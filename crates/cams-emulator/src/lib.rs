//! A CAMS that runs on your machine. It speaks the real wire, has an account with a quota and
//! numbers that migrate, and fails on demand. With it runs an STS, and all else that hands out
//! sessions whose keys call CAMS.
//!
//! [`serve`] answers API calls on `/` and its control interface under `/_emulator/`. It shares no
//! code with the client that it judges: encoding, signatures and models are its own.
//!
//! # What happens to a call
//!
//! 1. Half of the latency passes. Then the call arrives, even if its client is gone.
//! 2. Access key, token, date, signature and nonce are checked. A call that fails here is not
//!    counted.
//! 3. The quota that the account has of its action, or of all actions, counts the call, at the time
//!    that the journal shows. Actions of STS have a quota of their own.
//! 4. The operation is executed. Its service time passes, and then the other half of the latency.
//!
//! # Control
//!
//! | Request | Effect |
//! |---|---|
//! | `GET requests?since=N` | the journal, or what came after sequence number N: all requests but control ones, each with its `kind` and the id of its key, and none with a secret |
//! | `DELETE requests` | clears the journal, and with it the summary |
//! | `GET summary?window=1s&account=ID` | `actions`: arrivals, throttled ones, the most in any window; `requests`: how many of each kind and action, refused ones included; initiations of each number, in whichever form; `under_way`: calls that are still to arrive; all of it for one account if that is asked |
//! | `GET sessions` | the sessions that were issued: key id, account, role, end |
//! | `DELETE sessions` | revokes them all |
//! | `GET issuance`, `PUT issuance` | how sessions are issued: `{"session_lifetime": 3, "expiration": "absent"}`, or whatever else is a flag about sessions, with underscores; what is left out stays |
//! | `GET numbers` | all numbers, and the rows of deleted ones, as they are without any lag |
//! | `POST numbers` | places one in any state; see below |
//! | `DELETE numbers` | deletes one: `{"cust_space_id", "country_code", "mobile_number"}` |
//! | `PUT spaces` | `{"cust_space_id", "owned", "bound", "account_review_status"}`; every space exists without it |
//! | `GET quota`, `PUT quota` | `{"quota": "5/1s", "window": "sliding"}`, for calls from now on |
//! | `GET faults` | the faults in force, how many calls each matched and struck |
//! | `POST faults` | adds a fault or a list of them |
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
//! | the same with the name of the role | `metadata`, `GetMetadataCredentials` | a session, the same for all who ask until less than a quarter of its life is left |
//! | `GET /_emulator/credentials-uri` | `credentials_uri`, `GetCredentialsUri` | a session |
//! | `POST /cloud-credentials` with an access token | `cloud_sso`, `GetCloudCredentials` | a session in the account that the body names |
//!
//! The key of a session calls CAMS and STS like any other, with exactly its token. When the session
//! has ended, the refusal is `InvalidSecurityToken.Expired`. All keys and sessions of an account
//! share its quota; spaces and numbers are the same for all accounts.
//!
//! The file of `--oidc-token-file` is read at each request. The token in it passes. One that was in
//! it when it was read earlier has expired, and any other is invalid.
//!
//! # Faults
//!
//! Faults strike requests to sources of sessions as they strike calls, by the action in the table
//! above, except that nothing is checked before, so that those about signatures never strike.
//!
//! A fault is an object with a `kind` and, all optional, the calls it strikes: `action`, `number`
//! (with country code, in either form), `nth` (the first matching call to strike, from 1), `times`
//! (a number or `"always"`; once unless told, and always where `probability` is given),
//! `probability` and its `seed`. The first fault that is due strikes; later ones do not see the
//! call. A struck call was counted by the quota, except where it is refused before that.
//!
//! | Kind | What the client sees | Executed |
//! |---|---|---|
//! | `reset_before_commit`, `reset_after_commit` | a TCP reset and no answer | no, yes |
//! | `reset_mid_body` | half an answer, then a reset | yes |
//! | `never_answer` with `when`: `before_commit` or `after_commit` | an open connection | by `when` |
//! | `status` with `status` and `when` | 500, 502 (in HTML), 503 … | by `when` |
//! | `slow_body` with `over` (`2s`) | the body in ten parts | yes |
//! | `throttle` with `code`, `retry_after`, `header` | a throttling reply, with a waiting time if given | no |
//! | `business_error` with `code`, `message`, `status` (400), `access_denied_detail` | that error | no |
//! | `malformed_json`, `truncated_json`, `wrong_types`, `empty_body` | a 200 that cannot be read | yes |
//! | `wrong_content_type` | the right JSON called HTML | yes |
//! | `huge_body` with `bytes` (64 MiB) | so many spaces before the right JSON | yes |
//! | `echo_request` with `writing`: `plain`, `percent` or `base64`, `code`, `status` (400) | a refusal that quotes key id, tokens, signature and string to sign in `Message` and `AccessDeniedDetail` | no |
//! | `altered_answer` with `data`, `rows` and `credentials`: objects | the right answer, with these fields put into `Data`, into each row and into the credentials; with `unescaped` set, control characters stand in it as they are, which is no JSON | yes |
//! | `stale_list` | the list that was last answered truly, empty if none was | yes |
//! | `clock_skew` with `seconds` | a server whose date is off, in its checks and its `Date` | yes, if the date passes |
//! | `expired_token`, `signature_refused` | that refusal, before the quota counts | no |
//!
//! # Placing a number
//!
//! The body of `POST numbers` names the number as `DELETE numbers` does. Beside that it takes
//! `status`, `id`, `code_verification_status`, `verified_name`, `name_status`, `quality_rating`,
//! `messaging_limit_tier` and `lookup`, all optional; what is left out is as in a connected number.
//! Values that users of CAMS have seen and that its documentation lacks, such as a connected number
//! whose `code_verification_status` is `EXPIRED`, the `name_status` `APPROVED` or the tier
//! `TIER_2K`, are placed like any other.
//! List and lookup show a placed number at once. A number placed as `DELETED` or `MIGRATED` is
//! gone: a row of the list that the lookup does not know, unless `"lookup": true` says that it
//! still does, and that can be initiated.
//!
//! # What is documented, and what is a flag
//!
//! The emulator does what the documentation of CAMS says: the pages of the operations, and models,
//! descriptions and examples in the official SDK. Where these leave a choice, there is a flag
//! ([`Behaviour`]), and a client must be right whatever is chosen. The default is what the
//! documentation says or comes nearest to; where it says nothing, it is the choice that is hardest
//! for a client.
//!
//! *The list* is `QueryChatappPhoneNumbers`, *the lookup* `GetPhoneNumberVerificationStatus`, *the
//! initiation* `CreateChatappMigrationInitiate`.
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
//!   Default `absent`, where a client has to do without the list.
//! - `--deleted-rows`: whether the row of a deleted number stays, also beside the new row of a
//!   number that comes back. Default `keep`, since `DELETED` is a documented status of the list. An
//!   even `--seed` puts the deleted row last, an odd one puts it first.
//! - `--list-lag`, `--lookup-lag`: how long after an initiation or a deletion list and lookup still
//!   show what was before. Default `0ms`: a duration has no hardest value, since for each there is
//!   a longer one.
//! - `--number-form`: in which form answers write a number that WhatsApp writes in a form of its
//!   own: those of Mexico (52) with a 1 before the ten digits, those of Argentina (54) with a 9
//!   before the ten digits, and mobile numbers of Brazil (55) without their ninth digit, except
//!   behind the area codes 11 to 19, 21, 22, 24, 27 and 28. Default `whatsapp`, where an answer
//!   names another number than was asked for; `dialled` is the form that is dialled today. A number
//!   is started in any form, and is the same number in both.
//! - `--accepted-forms`: in which forms the lookup knows such a number. Default `written`, only as
//!   answers write it, where a client has to find that out; `all` is any form.
//! - `--absent`: what stands where an answer has nothing, such as the new name of a number that is
//!   to keep its name, or the id of one that the space lacks. Default `none`, the text `None` as in
//!   a sample of the documentation, which a client may take for a value; `empty` is an empty text,
//!   and `null` is null. All were seen.
//! - `--ids`: whether ids and phone numbers are JSON texts, as documented and by default, or JSON
//!   numbers.
//! - `--answers`: whether answers have all documented fields, which is the default, or only the
//!   indispensable ones.
//! - `--on-repeat`: what the initiation answers for a number that is migrating already; no
//!   idempotency is documented. Default `error`, where a client cannot learn the first answer by
//!   asking again. `new-id` starts the migration once more and gives the number another id, `same`
//!   answers as the first time.
//! - `--repeat-code`: the code that refuses the initiation of a number that the space has, in
//!   whichever status. Default the one documented code about numbers.
//! - `--business-status`: the HTTP status of these and other business errors without a flag of
//!   their own. Default 400.
//! - `--quota-per`: which calls the quota counts together. Documented are ten calls a second for
//!   each operation and account, so the default is `action`. `account` counts all operations of an
//!   account together, as a product in production saw it.
//! - `--window`, `--count-rejected`: how the quota counts. Default `sliding`, which is the
//!   strictest window, without rejected calls.
//! - `--expiration`: what answers say of the end of a session. Default `truthful`, as documented.
//! - `--revoked-as`: the code that refuses a revoked session. Default `not-found`, by which a
//!   client cannot tell it from a key that never was.
//! - `--throttle-code`, `--retry-after`: the code of a reply to a call over the quota, and whether
//!   a header says when to come back. Default `Throttling.User`, the gateway's, without a header;
//!   `System.LimitControl` is documented as well.
//!
//! Two flags are not about the service but about the caller: `--not-subscribed` lets the account be
//! one that has not subscribed (`GetChatappOpenStatus` says so, every other operation answers
//! `Product.Unsubscript`), and `--deny ACTION` lets RAM deny an operation (`Ram.PermissionDeny`
//! with an `AccessDeniedDetail`).
//!
//! Sparse answers hold `Code` and `RequestId`, and of the rest: nothing for the initiation and for
//! refusals, `Id` for the lookup, `PhoneNumber` and `Status` for each row of the list, `Id` and
//! `AccountReviewStatus` for the WABA. Those of STS hold `RequestId`, and `Credentials` or
//! `AccountId`. The first row of a sparse list is of a wrong type: a text with an even `--seed`, an
//! object whose `Status` is a number with an odd one. The gateway's own refusals (signature, quota)
//! are documented, and are whole in any case.

#![forbid(unsafe_code)]

mod behaviour;
mod call;
mod config;
mod control;
mod encoding;
mod fault;
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
mod response;
mod server;
mod service;
mod signature;
mod sources;
mod spaces;

pub use config::Config;
pub use server::serve;
