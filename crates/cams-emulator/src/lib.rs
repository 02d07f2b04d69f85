//! Emulates CAMS on your machine. The emulator speaks the real wire, has an account with a quota and
//! numbers that migrate, and injects failures on request. It also emulates STS and the other sources
//! that issue sessions whose keys call CAMS.
//!
//! [`serve`] answers API calls on `/` and its control interface under `/_emulator/`. It shares no
//! code with the client that it judges: encoding, signatures and models are its own.
//!
//! # Map
//!
//! In reading order; a file uses only files above it. A module with files of its own only joins them:
//! `signature/claim`, `numbers/record` and `operations/operation` hold what the other files there
//! share.
//!
//! | Module | What it holds |
//! |---|---|
//! | `period`, `number_form`, `encoding`, `generated`, `refusal` | how durations, numbers, parameters, ids and refusals are written |
//! | `behaviour`, `issuance` | the choices about CAMS and about sessions, as groups of flags |
//! | `request`, `reply` | what arrives, what is answered and in which form |
//! | `signature`, `keys`, `gate` | who calls: both signature methods, access keys and sessions; dates and nonces |
//! | `quota`, `fault`, `journal` | what is counted, what goes wrong, what is recorded |
//! | `numbers` | the numbers with their history |
//! | `call` | a call on its way, and the state that it changes, with the spaces |
//! | `operations`, `sources` | the operations of both APIs, and the sources of credentials |
//! | `flags` | all settings: each is declared once, as a flag with its default |
//! | `service` | the steps of a call |
//! | `control`, `server` | the control interface; connections, latency and the bytes of an answer |
//!
//! An operation is one file under `operations/`, which `operations.rs` names. A fault is one
//! variant with its arm in `fault/kind.rs` and its row in the table below. A flag is one field.
//!
//! # The journey of a call
//!
//! 1. `server` reads the request. Half of the latency passes. Then the call arrives, even if its
//!    client is gone.
//! 2. `service` checks access key, token, date, signature and nonce. A call that fails here is not
//!    counted.
//! 3. `quota` counts a call of CAMS at the time that the journal shows. Calls of STS have no quota.
//! 4. `fault` may strike the call. Then the operation is executed.
//! 5. Its service time passes, and then the other half of the latency. `reply` writes the answer, a
//!    fault may spoil it, and `server` sends it.
//!
//! # Control
//!
//! | Request | Effect |
//! |---|---|
//! | `GET requests` | the journal: all requests but control requests, each with its `kind` and the id of its key, and without secrets |
//! | `DELETE requests` | clears the journal, and with it the summary |
//! | `GET summary?account=ID` | `actions`: arrivals, throttled calls, the most in any second; `requests`: how many of each kind and action, with those that were refused; `initiations`, `sends`, `submissions`, `registrations` and `deregistrations` of each number, in either form, accepted and refused; `under_way`: calls that have not arrived yet; for one account if `account` is given |
//! | `GET codes/PHONE_NUMBER` | the last code that the number, in either form, was sent: `{"code", "method", "locale", "sent"}`, with how many there were |
//! | `PUT behaviour` | what CAMS does from now on where its documentation leaves a choice: `{"two_step": true}` and the other flags of that group, with underscores; choices that are left out stay |
//! | `DELETE sessions` | revokes all sessions that were issued |
//! | `PUT issuance` | how sessions are issued: `{"session_lifetime": 3, "metadata": "v2"}` and the other flags about sessions, with underscores; settings that are left out stay |
//! | `GET numbers` | all numbers, and the rows of deleted numbers, without any lag |
//! | `POST numbers` | places a number in any state; see below |
//! | `DELETE numbers` | deletes a number: `{"cust_space_id", "country_code", "mobile_number"}` |
//! | `PUT spaces` | `{"cust_space_id", "owned", "bound", "account_review_status", "instance_name", "channel_type"}`; all space ids are valid without it, but `ListInstance` lists only these spaces |
//! | `GET quota`, `PUT quota` | `{"quota": "5/1s"}`, for calls from now on |
//! | `POST faults` | adds a fault or a list of faults |
//! | `DELETE faults` | ends all faults |
//!
//! # Sessions, and where they come from
//!
//! | Request | Kind, action | Answer |
//! |---|---|---|
//! | `AssumeRole` on `/`, signed by any known key | `sts` | a session of the role in the account of its ARN |
//! | `AssumeRoleWithOIDC` on `/`, with a token instead of a signature | `sts` | the same |
//! | `GetCallerIdentity` on `/` | `sts` | account and identity of the key |
//! | `PUT /latest/api/token` | `metadata`, `GetMetadataToken` | a token, for requests to the metadata service |
//! | `GET /latest/meta-data/ram/security-credentials/` | `metadata`, `GetMetadataRole` | the name of the role |
//! | the same path with the name of the role | `metadata`, `GetMetadataCredentials` | a session, the same for all requests until less than a quarter of its life is left |
//! | `GET /_emulator/credentials-uri` | `credentials_uri`, `GetCredentialsUri` | a session |
//! | `POST /cloud-credentials` with an access token | `cloud_sso`, `GetCloudCredentials` | a session in the account that the body names |
//!
//! The key of a session calls CAMS and STS like any other key, with exactly its token. When the
//! session has ended, the refusal is `InvalidSecurityToken.Expired`. All keys and sessions of an
//! account share its quota; spaces and numbers are the same for all accounts.
//!
//! The file of `--oidc-token-file` is read at each request. The token in it is accepted. A
//! token that an earlier reading found has expired, and any other is invalid.
//!
//! # Faults
//!
//! Faults strike requests to sources of sessions too, by the action in the table above. Those
//! requests are not checked, so that faults about signatures never strike them.
//!
//! A fault is an object with a `kind` and, all optional, the calls it strikes: `action`, `number`
//! (with country code, in either form), `nth` (the first matching call to strike, from 1), `times`
//! (a number or `"always"`; once by default, and always where `probability` is given),
//! `probability` and its `seed`. The first fault that is due strikes, and later ones do not see
//! the call. The quota counts a call before a fault strikes it, except for the faults in the last
//! row and `clock_skew`, which strike first.
//!
//! | Kind | What the client sees | Executed |
//! |---|---|---|
//! | `reset_before_commit`, `reset_after_commit` | a TCP reset and no answer | no, yes |
//! | `reset_mid_body` | half an answer, then a reset | yes |
//! | `never_answer` with `when`: `before_commit` or `after_commit` | an open connection | by `when` |
//! | `status` with `status` and `when` | 500, 502 (in HTML), 503 … | by `when` |
//! | `slow_body` with `over` (`2s`) | the body in ten parts | yes |
//! | `throttle` with `code`, `retry_after` | a throttling reply, with a waiting time if given | no |
//! | `business_error` with `code`, `message`, `status` (400), `access_denied_detail` | that error | no |
//! | `malformed_json`, `truncated_json`, `wrong_types`, `empty_body` | a 200 that cannot be read | yes |
//! | `wrong_content_type` | the right JSON called HTML | yes |
//! | `huge_body` with `bytes` (64 MiB) | that many spaces before the right JSON | yes |
//! | `echo_request` with `writing`: `plain`, `percent` or `base64`, `code`, `status` (400) | a refusal that quotes key id, tokens, signature, verification code and string to sign in `Message` and `AccessDeniedDetail` | no |
//! | `altered_answer` with `data`, `rows` and `credentials`: objects | the right answer, with these fields put into `Data`, into each row and into the credentials; with `unescaped` set, control characters are not escaped, which is not JSON | yes |
//! | `stale_list` | the list that was last answered without this fault, or an empty one | yes |
//! | `clock_skew` with `seconds` | a server whose date is off, in its checks and its `Date` | yes, if the date passes |
//! | `expired_token`, `signature_refused` | that refusal, before the quota counts | no |
//!
//! # Placing a number
//!
//! The body of `POST numbers` names the number as `DELETE numbers` does. It also takes `status`,
//! `id`, `code_verification_status`, `verified_name`, `name_status`, `new_name_status`,
//! `quality_rating`, `messaging_limit_tier`, `is_official`, `registered`, `lookup` and the webhook
//! (`http_flag`, `queue_flag`, `up_callback_url`, `status_callback_url`), all optional; a field
//! that is left out is that of a connected number, and a number is registered unless its status
//! says otherwise. Values that users of CAMS have seen and that its documentation lacks, such as a
//! connected number whose `code_verification_status` is `EXPIRED`, the `name_status` `APPROVED` or
//! the tier `TIER_2K`, are placed like any other. List and lookup show a placed number at once. A
//! number placed as `DELETED` or `MIGRATED` is gone: it is a row of the list, the lookup does not
//! know it unless `"lookup": true` is given, and it can be initiated.
//!
//! # From a start to a registration
//!
//! A number that was started is `MIGRATING`. It is sent codes until one of them is submitted, which
//! makes it `VERIFIED`. Then it can be registered: it is `PENDING`, and after a while it has its
//! final status. Steps that do not fit are refused: a code for a number that is verified or
//! registered, the registration of one that is not verified, the deregistration of one that is not
//! registered.
//!
//! # What is documented, and what is a flag
//!
//! The emulator does what the documentation of CAMS says: the pages of the operations, and models,
//! descriptions and examples in the official SDK. Where these leave a choice, there is a flag (the
//! group `ServiceChoices`), and a client must be right under every setting. The default is what the
//! documentation says or comes nearest to; where it says nothing, it is the choice that is hardest
//! for a client.
//!
//! *The list* is `QueryChatappPhoneNumbers`, *the lookup* `GetPhoneNumberVerificationStatus`, *the
//! sync* `ChatappSyncPhoneNumber`, *the initiation* `CreateChatappMigrationInitiate`, *the
//! registration* `ChatappMigrationRegister`. Statements about WhatsApp come from Meta's
//! documentation or from user reports. CAMS forwards numbers to Meta and does not document this
//! behaviour.
//!
//! - `--missing-number`: how the lookup answers for a number that the space lacks. It is documented
//!   for numbers that were added to the account. Default `refusal`, since in most of Alibaba
//!   Cloud's APIs a lookup without a result is an error; `null-data`, `no-data`, `empty-data` and
//!   `not-verified` are answers with the code `OK`.
//! - `--missing-code`, `--missing-status`: code and HTTP status of that refusal. Default
//!   `InvalidParameter.PhoneNumberError`, "the phone number is abnormal", the one documented code
//!   about numbers, and 400, the status of the four codes that are documented with one.
//! - `--migrating-listed-as`: under which status the list shows a number that is migrating.
//!   `MIGRATING` is documented as a status of the initiation's answer, and not among the list's.
//!   Default `absent`, where a client cannot rely on the list.
//! - `--verified-listed-as`: the same for a migrating number that is verified and not registered.
//!   Default `PENDING`, as in a sample of the sync, and as numbers are shown after a registration:
//!   a client cannot tell one from the other.
//! - `--deleted-rows`: whether the row of a deleted number stays, also beside the new row of a
//!   number that comes back. Default `keep`, since `DELETED` is a documented status of the list. An
//!   even `--seed` puts the deleted row last, an odd one puts it first.
//! - `--list-follows`: whether the list shows what happens at Meta at once (`meta`) or only after a
//!   sync (`sync`, the default): that a number is verified, registered, connected or deregistered,
//!   or that a verification lapsed. The sync is documented to bring the numbers from Meta, so that
//!   the list is a copy. The lookup shows a verification in any case.
//! - `--sync-lag`: how long after such a change a sync still gets the state before it. Default
//!   `0ms` for the same reason as the lags below.
//! - `--list-lag`, `--lookup-lag`: how long after an initiation or a deletion list and lookup still
//!   show the state before it. Default `0ms`: a duration has no hardest value, since for each there
//!   is a longer one.
//! - `--number-form`: in which form answers write a number that WhatsApp writes in a form of its
//!   own: numbers of Mexico (52) with a 1 before the ten digits, numbers of Argentina (54) with a 9
//!   before the ten digits, and mobile numbers of Brazil (55) without their ninth digit, except
//!   behind the area codes 11 to 19, 21, 22, 24, 27 and 28. Default `whatsapp`, where an answer has
//!   another number than the request; `dialled` is the form that is dialled today. A number can be
//!   started in either form, and is the same number in both.
//! - `--accepted-forms`: in which forms operations that have a `PhoneNumber` know such a number.
//!   Default `written`, only as answers write it, where a client has to find the form; `all` is any
//!   form.
//! - `--absent`: what an answer has in the place of an absent value, such as the new name of a
//!   number that is to keep its name, or the id of a number that the space lacks. Default `none`,
//!   the text `None` as in a sample of the documentation, which a client may take for a value;
//!   `empty` is an empty text, and `null` is null. All were seen.
//! - `--ids`: whether ids and phone numbers are JSON texts, as documented and by default, or JSON
//!   numbers.
//! - `--answers`: whether answers have all documented fields, which is the default, or only the
//!   indispensable ones.
//! - `--on-repeat`: what the initiation answers for a number that is migrating already; no
//!   idempotency is documented. Default `error`, where a client cannot learn the first answer by
//!   asking again. `new-id` starts the migration once more and gives the number another id, `same`
//!   answers as the first time.
//! - `--repeat-code`: the code that refuses the initiation of a number that the space has, in any
//!   status. Default the one documented code about numbers.
//! - `--max-numbers`, `--numbers-in-app`: WhatsApp lets a new business have 2 numbers and a
//!   verified one 20, and does not move numbers that are in use in its app. Default: neither, since
//!   a client can do nothing about them but show the refusal.
//! - `--arrives-verified`: whether a number is verified when its migration starts, as one user of
//!   WhatsApp saw. Default no, where a client has to verify it.
//! - `--name-in-review`: whether the names of numbers are `Pending_Review` until they are
//!   registered for the second time. The first registration leaves such a number `PENDING` for
//!   good, as reported. Default no: a name keeps its approval when its number moves.
//! - `--refusal-code`: the one code that refuses initiations beyond a cap and of numbers in the
//!   app, sends, registrations, deregistrations and the sync of an unbound space, whatever the
//!   reason: WhatsApp's number for "verified already" also stands for "too many codes" and for
//!   "servers are busy". Only the message differs. Default the one documented code about numbers.
//! - `--busy-sends`: how many sends, the first ones to each number, are refused because servers are
//!   busy. Default 0.
//! - `--max-codes`, `--code-lock`: how many codes a number is sent within which time. A refused
//!   send counts, so that it makes the wait longer, as reported. No figures are documented; the
//!   defaults, 10 and `4320m` (72 hours), are the longest wait that was reported.
//! - `--code-expiry`: how long a code is valid. Default `10m`, as WhatsApp documents. A code that
//!   was submitted is not valid any more.
//! - `--old-codes`: whether a new code ends the older ones. Default `end`, where a client that
//!   sends again makes a code worthless that was on its way.
//! - `--wrong-code-as`: the code that refuses a submission: of a wrong, expired or used code, of
//!   one too many, and for a number that is registered. Default `InvalidParameter`, since a generic
//!   "invalid parameter" was reported, which a client may take for an error of the configuration.
//! - `--max-tries`, `--try-lock`: how many submissions for a number are tried within which time,
//!   the right one and refused ones included. WhatsApp documents that wrong codes may block a
//!   number for a while, without figures. Defaults 5 and `60m`.
//! - `--verification-lapse`: how long a verification lasts. Default `20160m`, the documented 14
//!   days. Then it is `EXPIRED`, also that of a connected number, as users of CAMS saw.
//! - `--two-step`: whether two-step verification is on, which refuses every registration. Default
//!   no, the documented precondition.
//! - `--on-registered`: how the registration of a number that is registered already is answered.
//!   Default `refused`, where a client cannot learn a lost answer by asking again; with `ok`
//!   nothing happens. A number that is `PENDING` for good is registered again in any case.
//! - `--max-registrations`, `--registration-lock`: how many registrations, and how many
//!   deregistrations, of a number are accepted within which time. Refused ones count, as reported.
//!   Defaults 10 and `4320m`, WhatsApp's documented limit.
//! - `--connect-after`: how long a number that was registered is `PENDING`, or `never`. Default
//!   `1s`: longer than a first look, and short for tests.
//! - `--final-status`: its status after that. Default `CONNECTED`.
//! - `--deregistered-as`: the status after a deregistration. Default `DISCONNECTED`, the documented
//!   status that fits.
//! - `--deregister-keeps-verification`: whether a number can be registered again without another
//!   code. Default no.
//! - `--half-deregistrations`: how many deregistrations, the first ones of each number, fail
//!   half-way: the number is disconnected, the answer is a refusal, and only a repeated
//!   deregistration completes it, as WhatsApp documents. Default 0.
//! - `--webhook-listed`: whether the list shows URLs and queues of a webhook that was set. Its
//!   model has the fields, and nothing documents what they hold. Default `absent`, where a client
//!   cannot read back what it has set.
//! - `--empty-url`: what `UpdatePhoneWebhook` does about a URL that is given and empty: `refused`,
//!   the default, `kept` (the URL stays) or `cleared`. A URL or flag that is left out stays.
//! - `--instance-name-match`: whether the parameter `InstanceName` of `ListInstance` matches names
//!   that contain it, the default, or the one that equals it.
//! - `--business-status`: the HTTP status of these and other business errors without a flag of
//!   their own. Default 400.
//! - `--quota-per`: which calls the quota counts together. Documented are ten calls a second for
//!   each operation and account, so the default is `action`. `account` counts all operations of an
//!   account together, as a product in production observed.
//! - `--window`, `--count-rejected`: how the quota counts. Default `sliding`, which is the
//!   strictest window, without rejected calls.
//! - `--revoked-as`: the code that refuses a revoked session. Default `not-found`, which a client
//!   cannot tell from the refusal of an unknown key.
//!
//! Two flags are not about the service but about the caller: `--not-subscribed` makes the account
//! one that has not subscribed (`GetChatappOpenStatus` says so, every other operation answers
//! `Product.Unsubscript`), and `--deny ACTION` lets RAM deny an operation (`Ram.PermissionDeny`
//! with an `AccessDeniedDetail`).
//!
//! Sparse answers hold `Code` and `RequestId`, and of the rest: nothing for the initiation, the
//! steps after it and refusals, `Id` for the lookup, `PhoneNumber` and `Status` for each row of the
//! list, `Id` and `AccountReviewStatus` for the WABA, id, name and channel for each instance. Those
//! of STS hold `RequestId`, and `Credentials` or `AccountId`. The first row of a sparse list is of
//! a wrong type: a text with an even `--seed`, an object whose `Status` is a number with an odd
//! one. The gateway's own refusals (signature, quota) are documented, and are whole in any case.

#![forbid(unsafe_code)]

mod behaviour;
mod call;
mod control;
mod encoding;
mod fault;
mod flags;
mod gate;
mod generated;
mod issuance;
mod journal;
mod keys;
mod number_form;
mod numbers;
mod operations;
mod period;
mod quota;
mod refusal;
mod reply;
mod request;
mod server;
mod service;
mod signature;
mod sources;

pub use flags::Flags;
pub use server::serve;
