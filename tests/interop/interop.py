"""The official Alibaba Cloud SDK against a running cams-emulator.

    pip install -r requirements.txt
    python interop.py http://127.0.0.1:PORT [--security-token TOKEN]

Every check runs with both signature forms, without and with a security token; with --security-token, which says that the
emulator was started with the same flag, only with that. The quota is changed while this runs and put back at the end.
The last line is "N passed, N failed"; the exit status is 1 if any failed.
"""

import argparse
import inspect
import itertools
import json
import sys
import traceback
import urllib.request
from urllib.parse import urlsplit

from alibabacloud_cams20200606 import models
from alibabacloud_cams20200606.client import Client
from alibabacloud_tea_openapi import exceptions
from alibabacloud_tea_openapi import utils_models as openapi
from darabonba.model import DaraModel
from darabonba.runtime import RuntimeOptions

SPACE = "cams interop/+*~测试"
numbers = itertools.count(13_900_000_000)


class Setting:
    """One way to call: the signature form and the security token."""

    def __init__(self, base_url, algorithm, token):
        self.base_url, self.algorithm, self.token = base_url, algorithm, token

    def __str__(self):
        form = "HMAC-SHA1" if self.algorithm == "v2" else "ACS3-HMAC-SHA256"
        return f"{form}, {'with' if self.token else 'without'} token"

    def client(self, **changes):
        config = dict(
            access_key_id="emulator",
            access_key_secret="emulator-secret",
            security_token=self.token,
            signature_algorithm=self.algorithm,
            endpoint=urlsplit(self.base_url).netloc,
            protocol="http",
        )
        return Client(openapi.Config(**{**config, **changes}))

    def control(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.base_url}/_emulator/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def initiate(client, number, space=SPACE):
    return client.create_chatapp_migration_initiate(
        models.CreateChatappMigrationInitiateRequest(
            cust_space_id=space, country_code="86", mobile_number=str(number)
        )
    )


def parameters_of(action, method):
    return openapi.Params(
        action=action,
        version="2020-06-06",
        protocol="HTTP",
        pathname="/",
        method=method,
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )


def complete(model, *absent):
    """Every field that the SDK documents has a value, down to the leaves."""
    for name in inspect.signature(type(model).__init__).parameters:
        if name == "self" or name in absent:
            continue
        value = getattr(model, name)
        assert value is not None, f"{type(model).__name__}.{name} is missing"
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, DaraModel):
                complete(part)
        assert value != [], f"{type(model).__name__}.{name} is empty"


def refused(kind, code, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        assert error.code == code, f"the code is {error.code}: {error.message}"
        assert error.request_id and error.request_id != "None", "no request id"
        assert "emulator-secret" not in str(error), "the secret is in the message"
        return error
    raise AssertionError(f"nothing was raised instead of {code}")


def check_initiate(setting):
    number = next(numbers)
    answer = initiate(setting.client(), number)
    assert answer.status_code == 200
    complete(answer.body)
    assert answer.body.code == "OK"
    assert answer.body.data.phone_number == f"86{number}"
    assert answer.body.data.status == "MIGRATING"


def check_list(setting):
    number = next(numbers)
    initiate(setting.client(), number)
    answer = setting.client().query_chatapp_phone_numbers(
        models.QueryChatappPhoneNumbersRequest(cust_space_id=SPACE)
    )
    # Data of a list is not documented.
    complete(answer.body, "data")
    mine = [n for n in answer.body.phone_numbers if n.phone_number == f"86{number}"]
    assert [n.status for n in mine] == ["MIGRATING"]


def check_list_by_status(setting):
    key = dict(cust_space_id=SPACE, country_code="86", mobile_number=str(next(numbers)))
    setting.control("POST", "numbers", {**key, "status": "BANNED"})
    answer = setting.client().query_chatapp_phone_numbers(
        models.QueryChatappPhoneNumbersRequest(cust_space_id=SPACE, status="BANNED")
    )
    setting.control("DELETE", "numbers", key)
    assert [n.status for n in answer.body.phone_numbers] == ["BANNED"]


def check_verification_status(setting):
    number = next(numbers)
    id = initiate(setting.client(), number).body.data.id
    answer = setting.client().get_phone_number_verification_status(
        models.GetPhoneNumberVerificationStatusRequest(
            cust_space_id=SPACE, phone_number=f"86{number}"
        )
    )
    complete(answer.body)
    assert answer.body.data.id == id
    assert answer.body.data.code_verification_status == "NOT_VERIFIED"


def check_unknown_number(setting):
    request = models.GetPhoneNumberVerificationStatusRequest(
        cust_space_id=SPACE, phone_number="8610000000"
    )
    call = setting.client().get_phone_number_verification_status
    refused(exceptions.ClientException, "PhoneNumber.NotExist", call, request)


def check_waba(setting):
    answer = setting.client().query_chatapp_bind_waba(
        models.QueryChatappBindWabaRequest(cust_space_id=SPACE)
    )
    complete(answer.body)
    assert answer.body.data.account_review_status == "APPROVED"


def check_parameters_in_a_form(setting):
    """The SDK puts these parameters into the query; the gateway takes them from a form as well."""
    number = next(numbers)
    parameters = parameters_of("CreateChatappMigrationInitiate", "POST")
    body = {"CustSpaceId": SPACE, "CountryCode": "86", "MobileNumber": str(number)}
    request = openapi.OpenApiRequest(body=body)
    answer = setting.client().call_api(parameters, request, RuntimeOptions())
    assert answer["body"]["Data"]["PhoneNumber"] == f"86{number}"
    journal = setting.control("GET", "requests")
    assert journal[-1]["cust_space_id"] == SPACE


def check_get(setting):
    parameters = parameters_of("QueryChatappBindWaba", "GET")
    request = openapi.OpenApiRequest(query={"CustSpaceId": SPACE})
    answer = setting.client().call_api(parameters, request, RuntimeOptions())
    assert answer["body"]["Data"]["AccountReviewStatus"] == "APPROVED"


def check_journal(setting):
    number = next(numbers)
    answer = initiate(setting.client(), number)
    entry = setting.control("GET", "requests")[-1]
    assert entry["request_id"] == answer.body.request_id
    assert entry["phone_number"] == f"86{number}"
    assert entry["committed"] and entry["counted"] and not entry["throttled"]
    assert entry["signature"] == str(setting).split(",")[0]


def check_wrong_secret(setting):
    client = setting.client(access_key_secret="wrong")
    error = refused(
        exceptions.ClientException, "SignatureDoesNotMatch", initiate, client, next(numbers)
    )
    assert "stage: signature" in error.message
    assert setting.token is None or setting.token not in error.message


def check_unknown_key(setting):
    client = setting.client(access_key_id="nobody")
    code = "InvalidAccessKeyId.NotFound"
    error = refused(exceptions.ClientException, code, initiate, client, next(numbers))
    assert error.status_code == 404


def check_missing_parameter(setting):
    request = models.CreateChatappMigrationInitiateRequest(
        country_code="86", mobile_number=str(next(numbers))
    )
    call = setting.client().create_chatapp_migration_initiate
    refused(exceptions.ClientException, "MissingCustSpaceId", call, request)


def check_malformed_number(setting):
    code = "InvalidParameter.PhoneNumberError"
    refused(exceptions.ClientException, code, initiate, setting.client(), "+139 0000")


def check_unknown_operation(setting):
    call = setting.client().chatapp_sync_phone_number
    request = models.ChatappSyncPhoneNumberRequest(cust_space_id=SPACE)
    refused(exceptions.ClientException, "InvalidApi.NotFound", call, request)


def check_throttling(setting):
    setting.control("PUT", "quota", {"quota": "1/15m"})
    try:
        client = setting.client()
        # The count of this action may be used up from before: one of two calls is over it at the latest.
        def twice():
            initiate(client, next(numbers))
            initiate(client, next(numbers))

        refused(exceptions.ClientException, "Throttling.User", twice)
    finally:
        setting.control("PUT", "quota", {"quota": "1000000/1s"})


def check_throttling_with_a_waiting_time(setting):
    fault = {"kind": "throttle", "retry_after": "700ms", "header": "x-acs-retry-after"}
    setting.control("POST", "faults", fault)
    error = refused(
        exceptions.ThrottlingException, "Throttling.User", initiate, setting.client(), next(numbers)
    )
    assert error.retry_after == 700, error.retry_after


def check_server_error(setting):
    setting.control("POST", "faults", {"kind": "status", "status": 503, "when": "before_commit"})
    code = "ServiceUnavailable"
    refused(exceptions.ServerException, code, initiate, setting.client(), next(numbers))


def check_denied(setting):
    detail = {"AuthAction": "cams:CreateChatappMigrationInitiate", "NoPermissionType": "ImplicitDeny"}
    setting.control(
        "POST",
        "faults",
        {
            "kind": "business_error",
            "code": "Ram.PermissionDeny",
            "status": 400,
            "access_denied_detail": detail,
        },
    )
    code = "Ram.PermissionDeny"
    error = refused(exceptions.ClientException, code, initiate, setting.client(), next(numbers))
    assert error.access_denied_detail == detail


def check_business_error_in_a_success(setting):
    setting.control("POST", "faults", {"kind": "business_error", "code": "System.LimitControl"})
    answer = initiate(setting.client(), next(numbers))
    assert (answer.status_code, answer.body.code) == (200, "System.LimitControl")


def check_foreign_space(setting):
    setting.control("PUT", "spaces", {"cust_space_id": "foreign", "owned": False})
    code = "Unknown.ResourceOwnerId"
    client = setting.client()
    refused(exceptions.ClientException, code, initiate, client, next(numbers), "foreign")


def check_missing_token(setting):
    """Only where the emulator requires one."""
    client = setting.client(security_token=None)
    refused(exceptions.ClientException, "MissingSecurityToken", initiate, client, next(numbers))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base_url")
    parser.add_argument("--security-token", help="what the emulator was told to require")
    arguments = parser.parse_args()
    base_url = arguments.base_url.rstrip("/")
    required = arguments.security_token
    tokens = [required] if required else [None, "CAIS+Tok/en=="]

    checks = [check for name, check in globals().items() if name.startswith("check_")]
    if not required:
        checks.remove(check_missing_token)
    settings = [
        Setting(base_url, algorithm, token)
        for algorithm in (None, "v2")
        for token in tokens
    ]
    before = settings[0].control("GET", "quota")
    settings[0].control("PUT", "quota", {"quota": "1000000/1s"})
    passed = failed = 0
    for setting, check in itertools.product(settings, checks):
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            check(setting)
        except Exception:
            failed += 1
            print(f"FAIL  {name} ({setting})")
            traceback.print_exc(file=sys.stdout)
        else:
            passed += 1
            print(f"ok    {name} ({setting})")
        finally:
            setting.control("DELETE", "faults")
    settings[0].control("PUT", "quota", before)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
