//! A CAMS that runs on your machine: the real wire, an account with a quota, numbers that migrate, and faults on demand.
//!
//! [`serve`] answers API calls on `/` and its control interface under `/_emulator/`. It shares no code with the client
//! that it judges: encoding, signatures and models are its own.
//!
//! # A call's way
//!
//! 1. Half the latency passes; the call then arrives even if its client is gone.
//! 2. Access key, token, date, signature and nonce are checked. What fails here is not counted.
//! 3. The quota of its action counts it, at the time that the journal shows.
//! 4. The operation runs and commits, its service time passes, then the other half of the latency.
//!
//! # Control
//!
//! | Request | Effect |
//! |---|---|
//! | `GET requests?since=N` | the journal, or what came after sequence number N |
//! | `DELETE requests` | clears the journal, and with it the summary |
//! | `GET summary?window=1s` | per action: arrivals, throttled ones, the most in any window; initiations of each number; `under_way`: calls that are still to arrive |
//! | `GET numbers` | all numbers |
//! | `POST numbers` | places one in any state: `{"cust_space_id", "country_code", "mobile_number", "status", …}` |
//! | `DELETE numbers` | removes one: `{"cust_space_id", "country_code", "mobile_number"}` |
//! | `PUT spaces` | `{"cust_space_id", "owned", "bound", "account_review_status"}`; every space exists without it |
//! | `GET quota`, `PUT quota` | `{"quota": "5/1s", "window": "sliding"}`, for calls from now on |
//! | `GET faults` | the faults in force, how many calls each matched and struck |
//! | `POST faults` | adds a fault or a list of them |
//! | `DELETE faults` | ends all faults |
//!
//! # Faults
//!
//! A fault is an object with a `kind` and, all optional, the calls it strikes: `action`, `number` (with country code),
//! `nth` (the first matching call to strike, from 1), `times` (a number or `"always"`; once unless told, and always where
//! `probability` is given), `probability` and its `seed`. The first fault that is due strikes; later ones do not see the call.
//! A struck call was counted by the quota, except where it is refused before that.
//!
//! | Kind | What the client sees | Executed |
//! |---|---|---|
//! | `reset_before_commit`, `reset_after_commit` | a TCP reset and no answer | no, yes |
//! | `reset_mid_body` | half an answer, then a reset | yes |
//! | `never_answer` with `when`: `before_commit` or `after_commit` | an open connection | by `when` |
//! | `status` with `status` and `when` | 500, 502 (in HTML), 503 … | by `when` |
//! | `slow_body` with `over` (`2s`) | the body in ten parts | yes |
//! | `throttle` with `code`, `retry_after`, `header` | a throttling reply, with a waiting time if given | no |
//! | `business_error` with `code`, `message`, `status` (200), `access_denied_detail` | that error | no |
//! | `malformed_json`, `truncated_json`, `wrong_types`, `empty_body` | a 200 that cannot be read | yes |
//! | `wrong_content_type` | the right JSON called HTML | yes |
//! | `huge_body` with `bytes` (64 MiB) | so many spaces before the right JSON | yes |
//! | `stale_list` | the list that was last answered truly, empty if none was | yes |
//! | `clock_skew` with `seconds` | a server whose date is off, in its checks and its `Date` | yes, if the date passes |
//! | `expired_token`, `signature_refused` | that refusal, before the quota counts | no |

//!
//! # Assumptions
//!
//! No source tells these, so a client must be right whatever they are: the code of a number that the space does not have
//! (`PhoneNumber.NotExist` here), of a repeated initiation (`PhoneNumber.AlreadyMigrating`, with `--on-repeat error`), of an
//! initiation of a number that the space has in another state (`PhoneNumber.AlreadyExist`); the status of business errors
//! (`--business-status`); whether migrating numbers are listed (`--list-migrating`); the kind of window (`--window`); whether
//! rejected calls count (`--count-rejected`); the code of throttling (`--throttle-code`) and its headers (`--retry-after`).

mod answer;
mod config;
mod control;
mod encoding;
mod fault;
mod flags;
mod gate;
mod journal;
mod numbers;
mod operations;
mod period;
mod quota;
mod refusal;
mod request;
mod server;
mod service;
mod signature;

pub use config::{Config, OnRepeat};
pub use fault::{Fault, NotAFault};
pub use flags::{FlagError, Flags};
pub use period::{NotAPeriod, Period};
pub use quota::{NotAQuota, Quota, Window};
pub use server::serve;
