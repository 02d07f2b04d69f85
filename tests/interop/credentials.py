"""Runs the official credentials library with the test cases of this project's credential chain.

    pip install -r requirements.txt
    python credentials.py

The cases are in credentials.json. A case contains the environment, the files of the home directory
and the arguments of the provider block. `official` is the result of the official library: an access
key or an error. If the result of this project differs, the case also contains that result (`ours`)
and the reason. This script checks `official`; the Rust test `credentials` checks the result of this
project. The last line is "N passed, N failed". The exit status is 1 if a check failed.

In a case, `~/` in the path of a file and `$HOME` mean the home directory, and `$SERVER` is the
address of a server. No request leaves this process. This script makes up the responses of STS, the
metadata service, the credentials URI and CloudSSO from all parameters of the request, so that equal
responses mean equal requests. Generated session names are replaced with DEFAULT.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

# Load slow modules once, before the process of each case is forked. Do not load the library itself
# here, because it reads the environment when it is loaded.
import aiofiles  # noqa: F401
import apscheduler.schedulers.background  # noqa: F401
import requests  # noqa: F401
from Tea.core import TeaCore

SERVER = "http://127.0.0.1:9"
LATER = "2099-01-01T00:00:00Z"


class Answer:
    def __init__(self, body, status_code=200):
        self.status_code = status_code
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


def keys(access_key_id, **more):
    """The keys of a session. The access key id describes the request."""
    return {
        "AccessKeyId": access_key_id,
        "AccessKeySecret": "session-secret",
        "SecurityToken": "session-token",
        "Expiration": LATER,
        **more,
    }


def sts(query):
    session = re.sub(r"^credentials-python-\d+$", "DEFAULT", query["RoleSessionName"])
    role = [query["RoleArn"], session, query["DurationSeconds"]]
    policy = query.get("Policy", "")
    if query["Action"] == "AssumeRole":
        base = [query["AccessKeyId"], query.get("SecurityToken", "")]
        parts = ["AssumeRole", *base, *role, query.get("ExternalId", ""), policy]
    else:
        token = query["OIDCToken"].strip()
        parts = ["AssumeRoleWithOIDC", query["OIDCProviderArn"], token, *role, policy]
    return Answer({"Credentials": keys("/".join(parts))})


def metadata(servers, request):
    version = servers.get("metadata")
    if version is None:
        raise ConnectionError("there is no metadata service")
    token = request.headers.get("X-aliyun-ecs-metadata-token")
    if request.pathname == "/latest/api/token":
        return Answer(b"metadata-token", 200 if version == "v2" else 404)
    if token not in (None, "metadata-token"):
        return Answer(b"", 401)
    role = request.pathname.removeprefix("/latest/meta-data/ram/security-credentials/")
    if not role:
        return Answer(b"listed-role")
    used = "v1" if token is None else "v2"
    return Answer(keys(f"ECS/{role}/{used}", Code="Success"))


def respond(servers, request):
    """Replaces the network."""
    host = request.headers["host"]
    if host == "100.100.100.200":
        return metadata(servers, request)
    if re.fullmatch(r"sts(\.[a-z0-9-]+)?\.aliyuncs\.com", host):
        return sts(request.query)
    if request.pathname == "/cloud-credentials":
        asked = json.loads(request.body)
        token = request.headers["Authorization"].removeprefix("Bearer ")
        name = f"CloudSSO/{asked['AccountId']}/{asked['AccessConfigurationId']}/{token}"
        return Answer({"CloudCredential": keys(name)})
    if "uri" in servers:
        return Answer(servers["uri"])
    query = f"?{urlencode(request.query)}" if request.query else ""
    return Answer(keys(f"URI/{request.pathname}{query}", Code="Success"))


def provider(block):
    """The provider of the official library for these arguments of the provider block."""
    from alibabacloud_credentials import provider as providers

    block = dict(block)
    if (role := block.pop("assume_role", None)) is not None:
        return providers.RamRoleArnCredentialsProvider(
            credentials_provider=provider(block),
            role_arn=role.get("role_arn"),
            role_session_name=role.get("session_name"),
            duration_seconds=role.get("session_expiration"),
            policy=role.get("policy"),
            external_id=role.get("external_id"),
        )
    if (role := block.pop("assume_role_with_oidc", None)) is not None:
        return providers.OIDCRoleArnCredentialsProvider(
            role_arn=role.get("role_arn"),
            oidc_provider_arn=role.get("oidc_provider_arn"),
            oidc_token_file_path=role.get("oidc_token_file"),
            role_session_name=role.get("role_session_name"),
            duration_seconds=role.get("session_expiration"),
            policy=role.get("policy"),
        )
    if "access_key" in block:
        pair = dict(access_key_id=block["access_key"], access_key_secret=block.get("secret_key"))
        if "security_token" in block:
            token = block["security_token"]
            return providers.StaticSTSCredentialsProvider(**pair, security_token=token)
        return providers.StaticAKCredentialsProvider(**pair)
    if "profile" in block or "shared_credentials_file" in block:
        file = block.get("shared_credentials_file")
        return providers.CLIProfileCredentialsProvider(
            profile_name=block.get("profile"),
            profile_file=file and os.path.expanduser(file),
        )
    if "ecs_role_name" in block:
        return providers.EcsRamRoleCredentialsProvider(role_name=block["ecs_role_name"])
    if "credentials_uri" in block:
        return providers.URLCredentialsProvider(uri=block["credentials_uri"])
    return providers.DefaultCredentialsProvider()


def answer_of(case):
    """The result of the official library. Must run in a separate process for each case."""
    TeaCore.do_action = staticmethod(
        lambda request, options=None: respond(case.get("servers", {}), request)
    )
    try:
        found = provider(case.get("block", {})).get_credentials()
    except Exception as error:
        return "error", f"{type(error).__name__}: {error}"
    token = found.get_security_token() or None
    parts = (found.get_access_key_id(), found.get_access_key_secret(), token)
    return dict(zip(("id", "secret", "token"), parts)), ""


def filled(value, home):
    """The value with `$HOME` and `$SERVER` replaced."""
    if isinstance(value, str):
        return value.replace("$HOME", home).replace("$SERVER", SERVER)
    if isinstance(value, dict):
        return {name: filled(inner, home) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, home) for inner in value]
    return value


def run(case):
    """Runs a case in a separate process. Returns the result and the error message."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with tempfile.TemporaryDirectory() as home:
            case = filled(case, home)
            for path, content in case.get("files", {}).items():
                file = Path(home) / path.removeprefix("~/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content if isinstance(content, str) else json.dumps(content))
            os.environ.clear()
            os.environ["HOME"] = home
            for name, value in case.get("environment", {}).items():
                os.environ[name] = os.path.expanduser(value)
            with os.fdopen(writing, "w") as pipe, open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), sys.stderr.fileno())
                json.dump(answer_of(case), pipe)
        # Exit immediately, because threads of the library are still running.
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.load(pipe)
    os.waitpid(child, 0)
    return answer


def main():
    cases = json.loads((Path(__file__).parent / "credentials.json").read_text())["cases"]
    failed = 0
    for case in cases:
        answer, message = run(case)
        same = "ours" not in case
        if same == ("reason" in case) or case.get("ours") == case["official"]:
            failed += 1
            print(f"FAILED {case['name']}: `ours` needs a reason, and a reason needs `ours`")
        elif answer != case["official"]:
            failed += 1
            print(f"FAILED {case['name']}: {answer} instead of {case['official']}; {message}")
    differences = sum("ours" in case for case in cases)
    print(f"{len(cases)} cases; in {differences} of them this project differs for a reason")
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
