"""Tests a running cams-emulator with the official Alibaba Cloud SDKs and credentials library.

    pip install -r requirements.txt
    python interop.py http://127.0.0.1:PORT [FLAGS]

FLAGS are the flags of the emulator that this script supports. They determine the expected answers.
Every check runs with both signature methods, without and with a security token; with
--security-token, only with that token. The script changes the quota and restores it at the end. The
last line is "N passed, N failed". The exit status is 1 if a check failed.
"""

import argparse
import inspect
import itertools
import json
import logging
import re
import sys
import tempfile
import time
import traceback
import urllib.request
from urllib.parse import urlsplit

from alibabacloud_cams20200606 import models
from alibabacloud_cams20200606.client import Client
from alibabacloud_credentials import provider as providers
from alibabacloud_credentials.client import Client as Credential
from alibabacloud_credentials.exceptions import CredentialException
from alibabacloud_sts20150401 import models as sts_models
from alibabacloud_sts20150401.client import Client as StsClient
from alibabacloud_tea_openapi import exceptions
from alibabacloud_tea_openapi import utils_models as openapi
from darabonba.model import DaraModel
from darabonba.runtime import RuntimeOptions
from Tea.core import TeaCore

PHONE_NUMBER_ERROR = "InvalidParameter.PhoneNumberError"
ACCOUNT = "1000000000000000"
ROLE_ARN = f"acs:ram::{ACCOUNT}:role/admin"
PROVIDER_ARN = f"acs:ram::{ACCOUNT}:oidc-provider/GitHub"
ARN = r"acs:ram::\d+:\S+"
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
GROUPED = r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"
SWITCH = r"ENABLED|DISABLED"
TIME = r"([01]\d|2[0-3])[0-5]\d"
URL = r"https://\S+"

# The format of each text field in the answer of a successful call: its documented values, or the
# format of its documented example.
FORMS = {
    "access_key_id": r"STS\.\w+",
    "access_key_secret": r"\w{40,}",
    "account_id": r"\d{16}",
    "account_review_status": r"PENDING|APPROVED|REJECTED|DISABLED",
    "arn": ARN,
    "assumed_role_id": r"\d+:[\w.@-]+",
    "business_id": r"\d+",
    "business_name": r".+",
    "call_icon_visibility": r"DEFAULT",
    "callback_permission_status": SWITCH,
    "calling_callback_url": URL,
    "channel_type": r"whatsapp|messenger|instagram|viber",
    "client_ids": r".+",
    "close_time": TIME,
    "code": r"OK",
    "code_verification_status": r"NOT_VERIFIED|VERIFIED|EXPIRED",
    "contact_mail": r"\S+@\S+",
    "country_id": r"[A-Z]{2}",
    "currency": r"[A-Z]{3}",
    "cust_space_id": r".+",
    "data": r".+",
    "date": r"\d{4}-\d\d-\d\d",
    "day_of_week": r"[A-Z]+",
    "end_time": TIME,
    "expiration": DATE,
    "expiration_time": DATE,
    "facebook_bm_id": r"\d+",
    "id": r"\d+",
    "identity_type": r"Account|RAMUser|AssumedRoleUser",
    "instance_id": r".+",
    "instance_name": r".+",
    "is_official": r"[YN]",
    "is_on_biz_app": r"[YN]",
    "issuance_time": DATE,
    "issuer": URL,
    "marketing_message_lite_status": r"[YN]",
    "message": r"SUCCESS|success",
    "message_template_namespace": GROUPED,
    "messaging_limit_tier": r"TIER_(\d+K?|UNLIMITED)",
    "name": r".+",
    "name_status": r"Approval|Pending_Review|Rejected",
    "open_time": TIME,
    "phone_number": r"\d{4,15}",
    "primary_business_location": r'"start_time":\d+',
    "principal_id": r"\d+(:[\w.@-]+)?",
    "quality_rating": r"GREEN|YELLOW|RED|UNKNOWN",
    "request_id": GROUPED,
    "resource_group_id": r"rg-\w+",
    "resource_region_id": r"[a-z]+-[a-z]+-\d",
    "role_id": r"\d+",
    "security_token": r"CAIS[\w+/=]{100,}",
    "source_identity": r"[\w@.-]+",
    "start_time": TIME,
    "state": r"published",
    "status": r"[A-Z_]+",
    "status_callback_url": URL,
    "status_queue": r"Alicom-Queue-\w+-ChatAppStatus",
    "subject": r".+",
    "submit_time": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "timezone_id": r"\w+/\w+",
    "up_callback_url": URL,
    "up_queue": r"Alicom-Queue-\w+-ChatAppInbound",
    "user_id": r"\d+",
    "verification_info": r"Success",
    "verified_name": r".+",
}
# How an answer writes an empty value, by --absent.
NOTHING = {"null": None, "empty": "", "none": "None"}
# Fields that are empty in every call, and fields that are empty while a number is migrating or has
# no webhook.
EMPTY = [
    "access_denied_detail",
    "instance_description",
    "isv_terms",
    "new_name_status",
    "office_address",
]
EMPTY_AT_FIRST = [
    "messaging_limit_tier",
    "quality_rating",
    "status_callback_url",
    "status_queue",
    "up_callback_url",
    "up_queue",
]
# Fields that are JSON numbers with --ids number.
IDS = ["business_id", "id", "phone_number"]
# The fields that a model keeps with --answers sparse. Other models keep all fields.
SPARSE = {
    "AssumeRoleResponseBody": ["credentials", "request_id"],
    "AssumeRoleWithOIDCResponseBody": ["credentials", "request_id"],
    "ChatappMigrationRegisterResponseBody": ["code", "request_id"],
    "ChatappMigrationVerifiedResponseBody": ["code", "request_id"],
    "ChatappPhoneNumberDeregisterResponseBody": ["code", "request_id"],
    "ChatappSyncPhoneNumberResponseBody": ["code", "phone_numbers", "request_id"],
    "ChatappSyncPhoneNumberResponseBodyPhoneNumbers": ["phone_number", "status"],
    "CreateChatappMigrationInitiateResponseBody": ["code", "request_id"],
    "GetCallerIdentityResponseBody": ["account_id", "request_id"],
    "GetChatappOpenStatusResponseBody": ["code", "open_status", "request_id"],
    "GetMigrationVerifyCodeResponseBody": ["code", "request_id"],
    "GetPhoneNumberVerificationStatusResponseBody": ["code", "data", "request_id"],
    "GetPhoneNumberVerificationStatusResponseBodyData": ["id"],
    "ListInstanceResponseBody": ["code", "data", "request_id"],
    "ListInstanceResponseBodyData": ["channel_type", "cust_space_id", "instance_name"],
    "QueryChatappBindWabaResponseBody": ["code", "data", "request_id"],
    "QueryChatappBindWabaResponseBodyData": ["account_review_status", "id"],
    "QueryChatappPhoneNumbersResponseBody": ["code", "phone_numbers", "request_id"],
    "QueryChatappPhoneNumbersResponseBodyPhoneNumbers": ["phone_number", "status"],
    "UpdatePhoneWebhookResponseBody": ["code", "request_id"],
}

SPACE = "cams interop/+*~测试"
numbers = itertools.count(13_900_000_000)


class Setting:
    """A signature method and a security token for the calls, and the flags of the emulator."""

    def __init__(self, base_url, flags, algorithm, token):
        self.base_url, self.flags = base_url, flags
        self.algorithm, self.token = algorithm, token

    def __str__(self):
        form = "HMAC-SHA1" if self.algorithm == "v2" else "ACS3-HMAC-SHA256"
        return f"{form}, {'with' if self.token else 'without'} token"

    def client(self, **changes):
        return Client(self.config(**changes))

    def sts(self, **changes):
        return StsClient(self.config(**changes))

    def config(self, **changes):
        config = dict(
            access_key_id="emulator",
            access_key_secret="emulator-secret",
            security_token=self.token,
            signature_algorithm=self.algorithm,
            endpoint=urlsplit(self.base_url).netloc,
            protocol="http",
        )
        return openapi.Config(**{**config, **changes})

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


def well_formed(setting, model, absent=()):
    """Asserts that an answer has the expected fields, with the documented types and formats.

    This includes nested objects and lists. The fields in `absent` are documented for other cases
    and must be missing.
    """
    fields = {
        name: parameter.annotation
        for name, parameter in inspect.signature(type(model).__init__).parameters.items()
        if name != "self"
    }
    model_name = type(model).__name__
    kept = SPARSE.get(model_name, fields) if setting.flags.answers == "sparse" else fields
    for name, annotation in fields.items():
        value, field = getattr(model, name), f"{model_name}.{name}"
        if name not in kept or name in absent:
            assert value is None, f"{field} is present"
            continue
        nothing = NOTHING[setting.flags.absent]
        if name in EMPTY or (name in EMPTY_AT_FIRST and value == nothing):
            assert value == nothing, f"{field} is not {nothing!r}: {value!r}"
            continue
        assert value is not None, f"{field} is missing"
        assert value != [], f"{field} is empty"
        if annotation == "str":
            kind = int if name in IDS and setting.flags.ids == "number" else str
            assert type(value) is kind, f"{field} is not {kind.__name__}: {value!r}"
            assert re.fullmatch(FORMS[name], str(value)), f"{field} has a wrong format: {value}"
        elif annotation in ("bool", "int"):
            assert type(value).__name__ == annotation, f"{field} is not {annotation}: {value!r}"
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, DaraModel):
                well_formed(setting, part)


def refused(kind, code, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        assert error.code == code, f"the code is {error.code}: {error.message}"
        assert error.request_id and error.request_id != "None", "no request id"
        assert "emulator-secret" not in str(error), "the secret is in the message"
        return error
    raise AssertionError(f"no exception was raised; expected {code}")


def look_up(setting, phone_number):
    return setting.client().get_phone_number_verification_status(
        models.GetPhoneNumberVerificationStatusRequest(
            cust_space_id=SPACE, phone_number=phone_number
        )
    )


def rows(setting, number=None, status=None):
    """The rows of the list, or of one number, without the malformed row of a sparse list."""
    answer = setting.client().query_chatapp_phone_numbers(
        models.QueryChatappPhoneNumbersRequest(cust_space_id=SPACE, status=status)
    )
    found = answer.body.phone_numbers
    if setting.flags.answers == "sparse":
        malformed = found.pop(0)
        fields = (malformed.phone_number, malformed.status)
        assert fields == (None, 7), "with an odd seed, the malformed row is first"
    if found:
        well_formed(setting, answer.body)
    return [row for row in found if number in (None, str(row.phone_number))]


def key_of(number):
    return dict(cust_space_id=SPACE, country_code="86", mobile_number=str(number))


def check_initiate(setting):
    number = next(numbers)
    answer = initiate(setting.client(), number)
    assert answer.status_code == 200
    well_formed(setting, answer.body)
    if setting.flags.answers == "full":
        assert str(answer.body.data.phone_number) == f"86{number}"
        assert answer.body.data.status == "MIGRATING"


def check_repeat(setting):
    number, client = next(numbers), setting.client()
    first = initiate(client, number).body
    if setting.flags.on_repeat == "error":
        refused(exceptions.ClientException, setting.flags.repeat_code, initiate, client, number)
    else:
        repeat = initiate(client, number).body
        well_formed(setting, repeat)
        if setting.flags.answers == "full":
            same = first.data.id == repeat.data.id
            assert same == (setting.flags.on_repeat == "same")


def check_number_that_is_present(setting):
    number = next(numbers)
    setting.control("POST", "numbers", {**key_of(number), "status": "CONNECTED"})
    client, code = setting.client(), setting.flags.repeat_code
    refused(exceptions.ClientException, code, initiate, client, number)


def check_list(setting):
    number = next(numbers)
    initiate(setting.client(), number)
    expected = setting.flags.migrating_listed_as
    mine = rows(setting, f"86{number}")
    assert [row.status for row in mine] == ([] if expected == "absent" else [expected])


def check_list_by_status(setting):
    number = next(numbers)
    setting.control("POST", "numbers", {**key_of(number), "status": "BANNED"})
    found = [row.status for row in rows(setting, status="BANNED")]
    setting.control("DELETE", "numbers", key_of(number))
    assert found == ["BANNED"]


def check_deleted_row(setting):
    number = next(numbers)
    setting.control("POST", "numbers", {**key_of(number), "status": "CONNECTED"})
    setting.control("DELETE", "numbers", key_of(number))
    mine = [row.status for row in rows(setting, f"86{number}")]
    assert mine == (["DELETED"] if setting.flags.deleted_rows == "keep" else [])


def check_verification_status(setting):
    number = next(numbers)
    initiated = initiate(setting.client(), number).body
    answer = look_up(setting, f"86{number}")
    well_formed(setting, answer.body)
    if setting.flags.answers == "full":
        assert answer.body.data.id == initiated.data.id
        assert answer.body.data.code_verification_status == "NOT_VERIFIED"


def check_unknown_number(setting):
    flags, number = setting.flags, "8610000000"
    if flags.missing_number == "refusal":
        if flags.missing_status == "200":
            answer = look_up(setting, number)
            assert (answer.status_code, answer.body.code) == (200, flags.missing_code)
            return
        error = refused(
            exceptions.ClientException, flags.missing_code, look_up, setting, number
        )
        assert str(error.status_code) == flags.missing_status
        return
    answer = look_up(setting, number)
    assert answer.body.code == "OK"
    shown = None if answer.body.data is None else answer.body.data.to_map()
    if flags.missing_number == "not-verified":
        known = int(number) if flags.ids == "number" else number
        expected = {"CodeVerificationStatus": "NOT_VERIFIED", "PhoneNumber": known}
        nothing = NOTHING[flags.absent]
        assert shown == expected | ({} if nothing is None else {"Id": nothing}), shown
    else:
        # Data can be null, missing or empty. The SDK does not distinguish null from missing.
        assert shown == ({} if flags.missing_number == "empty-data" else None)


def check_forms_of_a_number(setting):
    """A Mexican number that is started in its dialled form is found in the forms of the flags."""
    flags, mobile_number = setting.flags, str(next(numbers))[1:]
    dialled, whatsapps = f"52{mobile_number}", f"521{mobile_number}"
    started = setting.client().create_chatapp_migration_initiate(
        models.CreateChatappMigrationInitiateRequest(
            cust_space_id=SPACE, country_code="52", mobile_number=mobile_number
        )
    )
    written = dialled if flags.number_form == "dialled" else whatsapps
    if flags.answers == "full":
        assert str(started.body.data.phone_number) == written
    for number in [dialled, whatsapps]:
        if flags.accepted_forms == "all" or number == written:
            answer = look_up(setting, number)
            well_formed(setting, answer.body)
            if flags.answers == "full":
                assert str(answer.body.data.phone_number) == written


def check_flow(setting):
    """A number is started, proved by its code, registered, synchronized and deregistered."""
    client, number = setting.client(), next(numbers)
    initiate(client, number)
    of_number = dict(cust_space_id=SPACE, phone_number=f"86{number}")
    send = models.GetMigrationVerifyCodeRequest(**of_number, locale="en_US", method="sms")
    well_formed(setting, client.get_migration_verify_code(send).body)
    code = setting.control("GET", f"codes/86{number}")["code"]
    submit = client.chatapp_migration_verified
    wrong = "000000" if code != "000000" else "000001"
    wrong = models.ChatappMigrationVerifiedRequest(**of_number, verify_code=wrong)
    error = refused(exceptions.ClientException, "InvalidParameter", submit, wrong)
    assert code not in error.message, "the code is in the message"
    right = models.ChatappMigrationVerifiedRequest(**of_number, verify_code=code)
    well_formed(setting, submit(right).body)
    register = models.ChatappMigrationRegisterRequest(**of_number)
    setting.control("PUT", "behaviour", {"connect_after": "0ms"})
    try:
        well_formed(setting, client.chatapp_migration_register(register).body)
        sync = models.ChatappSyncPhoneNumberRequest(cust_space_id=SPACE)
        synced = client.chatapp_sync_phone_number(sync).body
    finally:
        setting.control("PUT", "behaviour", {"connect_after": "1s"})
    if setting.flags.answers == "sparse":
        synced.phone_numbers.pop(0)
    well_formed(setting, synced)
    for found in [synced.phone_numbers, rows(setting)]:
        mine = [row.status for row in found if str(row.phone_number) == f"86{number}"]
        assert mine == ["CONNECTED"], mine
    deregister = models.ChatappPhoneNumberDeregisterRequest(**of_number)
    well_formed(setting, client.chatapp_phone_number_deregister(deregister).body)


def check_webhook(setting):
    number = next(numbers)
    setting.control("POST", "numbers", {**key_of(number), "status": "CONNECTED"})
    request = models.UpdatePhoneWebhookRequest(
        cust_space_id=SPACE,
        phone_number=f"86{number}",
        http_flag="Y",
        queue_flag="N",
        up_callback_url="https://example.com/up?token=1",
        status_callback_url="https://example.com/status",
    )
    well_formed(setting, setting.client().update_phone_webhook(request).body)


def check_instances(setting):
    space = dict(cust_space_id="cams-interop", instance_name="Interop")
    setting.control("PUT", "spaces", space)
    request = models.ListInstanceRequest(instance_name="Interop", page_index=1, page_size=10)
    answer = setting.client().list_instance(request).body
    if setting.flags.answers == "sparse":
        answer.data.pop(0)
    well_formed(setting, answer)
    assert [row.cust_space_id for row in answer.data] == ["cams-interop"]


def check_waba(setting):
    answer = setting.client().query_chatapp_bind_waba(
        models.QueryChatappBindWabaRequest(cust_space_id=SPACE)
    )
    well_formed(setting, answer.body)
    assert answer.body.data.account_review_status == "APPROVED"


def check_open_status(setting):
    request = models.GetChatappOpenStatusRequest()
    answer = setting.client().get_chatapp_open_status(request)
    well_formed(setting, answer.body)
    assert answer.body.open_status is not setting.flags.not_subscribed


def check_missing_subscription(setting):
    """For an account without a subscription, every call fails except the query of its status."""
    client = setting.client()
    space = dict(cust_space_id=SPACE)
    for call, *arguments in [
        (initiate, client, next(numbers)),
        (look_up, setting, "8610000000"),
        (
            client.query_chatapp_phone_numbers,
            models.QueryChatappPhoneNumbersRequest(**space),
        ),
        (client.query_chatapp_bind_waba, models.QueryChatappBindWabaRequest(**space)),
    ]:
        refused(exceptions.ClientException, "Product.Unsubscript", call, *arguments)


def check_denied_operation(setting):
    """If RAM denies the list, the error names the denied action."""
    error = refused(exceptions.ClientException, "Ram.PermissionDeny", rows, setting)
    assert error.access_denied_detail["AuthAction"] == f"cams:{setting.flags.deny}"


def check_parameters_in_a_form(setting):
    """The SDK sends these parameters in the query. The gateway accepts them in a form as well."""
    number = next(numbers)
    parameters = parameters_of("CreateChatappMigrationInitiate", "POST")
    body = {"CustSpaceId": SPACE, "CountryCode": "86", "MobileNumber": str(number)}
    request = openapi.OpenApiRequest(body=body)
    answer = setting.client().call_api(parameters, request, RuntimeOptions())
    assert answer["body"]["Code"] == "OK"
    entry = setting.control("GET", "requests")[-1]
    assert (entry["cust_space_id"], entry["phone_number"]) == (SPACE, f"86{number}")


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
    client = setting.client(access_key_id="unknown")
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
    call = setting.client().chatapp_bind_waba
    request = models.ChatappBindWabaRequest(waba_id="1")
    refused(exceptions.ClientException, "InvalidApi.NotFound", call, request)


def check_throttling(setting):
    setting.control("PUT", "quota", {"quota": "1/15m"})
    try:
        client = setting.client()
        # Earlier calls may have used the quota of this action. At the latest, the second call
        # exceeds it.
        def twice():
            initiate(client, next(numbers))
            initiate(client, next(numbers))

        refused(exceptions.ClientException, "Throttling.User", twice)
    finally:
        setting.control("PUT", "quota", {"quota": "1000000/1s"})


def check_throttling_with_a_waiting_time(setting):
    fault = {"kind": "throttle", "retry_after": "700ms"}
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
    detail = {
        "AuthAction": "cams:CreateChatappMigrationInitiate",
        "NoPermissionType": "ImplicitDeny",
    }
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
    fault = {"kind": "business_error", "code": "System.LimitControl", "status": 200}
    setting.control("POST", "faults", fault)
    answer = initiate(setting.client(), next(numbers))
    assert (answer.status_code, answer.body.code) == (200, "System.LimitControl")


def check_foreign_space(setting):
    setting.control("PUT", "spaces", {"cust_space_id": "foreign", "owned": False})
    code = "Unknown.ResourceOwnerId"
    client = setting.client()
    refused(exceptions.ClientException, code, initiate, client, next(numbers), "foreign")


def check_missing_token(setting):
    """Requires an emulator with --security-token."""
    client = setting.client(security_token=None)
    refused(exceptions.ClientException, "MissingSecurityToken", initiate, client, next(numbers))


def assume(setting, client=None, **changes):
    request = dict(role_arn=ROLE_ARN, role_session_name="interop@host", duration_seconds=1800)
    request = sts_models.AssumeRoleRequest(**{**request, **changes})
    return (client or setting.sts()).assume_role(request)


def key_of_session(credentials):
    """The changes that make a client sign with these credentials from an answer."""
    return dict(
        access_key_id=credentials.access_key_id,
        access_key_secret=credentials.access_key_secret,
        security_token=credentials.security_token,
    )


def identity(setting, absent, **changes):
    answer = setting.sts(**changes).get_caller_identity()
    well_formed(setting, answer.body, absent)
    assert answer.body.account_id == ACCOUNT
    return answer.body


def check_identity_of_a_user(setting):
    caller = identity(setting, ["role_id"])
    if setting.flags.answers == "full":
        assert caller.identity_type == "RAMUser"


def check_session_of_a_role(setting):
    """A session of a role calls CAMS, gets its identity, and starts another session."""
    answer = assume(setting, source_identity="alice")
    well_formed(setting, answer.body)
    session = key_of_session(answer.body.credentials)
    initiate(setting.client(**session), next(numbers))
    entry = setting.control("GET", "requests")[-1]
    assert entry["access_key_id"] == session["access_key_id"]
    assert (entry["kind"], entry["account_id"]) == ("cams", ACCOUNT)
    caller = identity(setting, ["user_id"], **session)
    if setting.flags.answers == "full":
        assert caller.identity_type == "AssumedRoleUser"
        assert caller.arn.endswith(":assumed-role/admin/interop@host")
    second = assume(setting, setting.sts(**session)).body
    well_formed(setting, second, ["source_identity"])
    initiate(setting.client(**key_of_session(second.credentials)), next(numbers))


def check_session_with_a_wrong_token(setting):
    first = key_of_session(assume(setting).body.credentials)
    second = key_of_session(assume(setting).body.credentials)
    for token, code in [
        (second["security_token"], "InvalidSecurityToken.MismatchWithAccessKey"),
        ("CAIS+Tok/en==", "InvalidSecurityToken.Malformed"),
        (None, "MissingSecurityToken"),
    ]:
        client = setting.client(**{**first, "security_token": token})
        refused(exceptions.ClientException, code, initiate, client, next(numbers))


def check_expired_session(setting):
    setting.control("PUT", "issuance", {"session_lifetime": 0})
    try:
        session = key_of_session(assume(setting).body.credentials)
        code = "InvalidSecurityToken.Expired"
        client = setting.client(**session)
        refused(exceptions.ClientException, code, initiate, client, next(numbers))
        refused(exceptions.ClientException, code, assume, setting, setting.sts(**session))
    finally:
        setting.control("PUT", "issuance", {"session_lifetime": None})


def check_revoked_session(setting):
    client = setting.client(**key_of_session(assume(setting).body.credentials))
    initiate(client, next(numbers))
    setting.control("DELETE", "sessions")
    code = "InvalidAccessKeyId.NotFound"
    refused(exceptions.ClientException, code, initiate, client, next(numbers))


def check_rejected_session(setting):
    for changes, code in [
        (dict(role_arn="admin"), "InvalidParameter.RoleArn"),
        (dict(role_session_name="a b"), "InvalidParameter.RoleSessionName"),
        (dict(duration_seconds=899), "InvalidParameter.DurationSeconds"),
        (dict(policy="{"), "InvalidParameter.PolicyGrammar"),
        (dict(role_arn="acs:ram::7:role/admin"), "EntityNotExist.Role"),
    ]:
        refused(exceptions.ClientException, code, lambda: assume(setting, **changes))


def check_session_for_a_token(setting):
    def ask(token):
        return setting.sts().assume_role_with_oidc(
            sts_models.AssumeRoleWithOIDCRequest(
                role_arn=ROLE_ARN,
                role_session_name="interop",
                oidcprovider_arn=PROVIDER_ARN,
                oidctoken=token,
            )
        )

    answer = ask("e30.e30.c2lnbmF0dXJl")
    well_formed(setting, answer.body, ["source_identity"])
    session = key_of_session(answer.body.credentials)
    initiate(setting.client(**session), next(numbers))
    assert "c2lnbmF0dXJl" not in json.dumps(setting.control("GET", "requests"))
    code = "AuthenticationFail.OIDCToken.Invalid"
    refused(exceptions.ClientException, code, ask, "x")


def check_throttled_sts(setting):
    setting.control("POST", "faults", {"kind": "throttle", "action": "AssumeRole"})
    refused(exceptions.ClientException, "Throttling.User", assume, setting)
    assume(setting)


def provided(setting, provider, name):
    """Signs a call with the credentials of a provider of the library."""
    provided = provider.get_credentials()
    assert provided.get_provider_name() == name
    keys = dict(access_key_id=None, access_key_secret=None, security_token=None)
    client = setting.client(credential=Credential(provider=provider), **keys)
    initiate(client, next(numbers))
    entry = setting.control("GET", "requests")[-1]
    assert entry["access_key_id"] == provided.get_access_key_id()


def check_library_assumes_a_role(setting):
    for external_id in [None, "partner"]:
        setting.control("PUT", "issuance", {"external_id": external_id})
        provider = providers.RamRoleArnCredentialsProvider(
            access_key_id="emulator",
            access_key_secret="emulator-secret",
            security_token=setting.token,
            role_arn=ROLE_ARN,
            role_session_name="interop",
            external_id=external_id,
        )
        kind = "static_sts" if setting.token else "static_ak"
        provided(setting, provider, f"ram_role_arn/{kind}")
    setting.control("PUT", "issuance", {"external_id": None})


def check_library_assumes_a_role_with_a_token(setting):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("e30.e30.c2lnbmF0dXJl")
        file.flush()
        provider = providers.OIDCRoleArnCredentialsProvider(
            role_arn=ROLE_ARN,
            oidc_provider_arn=PROVIDER_ARN,
            oidc_token_file_path=file.name,
            role_session_name="interop",
        )
        provided(setting, provider, "oidc_role_arn")


def check_library_asks_the_metadata_service(setting):
    def ask():
        setting.control("DELETE", "requests")
        provider = providers.EcsRamRoleCredentialsProvider(async_update_enabled=False)
        provided(setting, provider, "ecs_ram_role")
        return setting.control("GET", "summary")["requests"]["metadata"]

    try:
        for kind in ["both", "v2", "v1"]:
            setting.control("PUT", "issuance", {"metadata": kind})
            assert ask()["GetMetadataToken"] >= 1, "no metadata token was requested"
        setting.control("PUT", "issuance", {"metadata": "off"})
        try:
            ask()
        except CredentialException:
            pass
        else:
            raise AssertionError("got credentials without a metadata service")
    finally:
        setting.control("PUT", "issuance", {"metadata": "both"})


def check_library_asks_the_credentials_uri(setting):
    uri = f"{setting.base_url}/_emulator/credentials-uri"
    try:
        for kind in ["success", "no-code", "failure"]:
            setting.control("PUT", "issuance", {"credentials_uri": kind})
            provider = providers.URLCredentialsProvider(uri=uri)
            if kind == "success":
                provided(setting, provider, "credential_uri")
                continue
            try:
                provider.get_credentials()
            except CredentialException:
                continue
            raise AssertionError(f"got credentials with {kind}")
    finally:
        setting.control("PUT", "issuance", {"credentials_uri": "success"})


def check_library_asks_cloud_sso(setting):
    provider = providers.CloudSSOCredentialsProvider(
        sign_in_url=f"{setting.base_url}/start",
        account_id=ACCOUNT,
        access_config="ac-1",
        access_token="interop",
        access_token_expire=int(time.time()) + 3600,
    )
    provided(setting, provider, "cloud_sso")


def redirect_library_to(base_url):
    """Makes the library send requests to the emulator instead of its built-in hosts.

    Turns off the library's log, which contains the responses of failed requests: some requests fail
    on purpose.
    """
    logging.disable()
    do_action, url = TeaCore.do_action, urlsplit(base_url)

    def redirected(request, *arguments):
        request.protocol, request.port = url.scheme, url.port
        request.headers["host"] = url.hostname
        return do_action(request, *arguments)

    TeaCore.do_action = redirected


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base_url")
    parser.add_argument("--security-token")
    parser.add_argument("--seed")
    parser.add_argument("--missing-number", default="refusal")
    parser.add_argument("--missing-code", default=PHONE_NUMBER_ERROR)
    parser.add_argument("--missing-status", default="400")
    parser.add_argument("--migrating-listed-as", default="absent")
    parser.add_argument("--deleted-rows", default="keep")
    parser.add_argument("--ids", default="text")
    parser.add_argument("--number-form", default="whatsapp")
    parser.add_argument("--accepted-forms", default="written")
    parser.add_argument("--absent", default="none")
    parser.add_argument("--answers", default="full")
    parser.add_argument("--on-repeat", default="error")
    parser.add_argument("--repeat-code", default=PHONE_NUMBER_ERROR)
    parser.add_argument("--not-subscribed", action="store_true")
    parser.add_argument("--deny")
    return parser.parse_args()


def checks_for(flags):
    if flags.not_subscribed:
        return [check_missing_subscription, check_open_status]
    if flags.deny:
        return [check_denied_operation, check_initiate, check_waba, check_open_status]
    checks = [check for name, check in globals().items() if name.startswith("check_")]
    checks.remove(check_missing_subscription)
    checks.remove(check_denied_operation)
    if not flags.security_token:
        checks.remove(check_missing_token)
    return checks


def main():
    flags = read_arguments()
    base_url = flags.base_url.rstrip("/")
    required = flags.security_token
    tokens = [required] if required else [None, "CAIS+Tok/en=="]
    settings = [
        Setting(base_url, flags, algorithm, token)
        for algorithm in (None, "v2")
        for token in tokens
    ]
    checks = checks_for(flags)
    redirect_library_to(base_url)
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
