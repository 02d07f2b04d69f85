//! What happens to a call that has arrived, from its first check to its commit: one synchronous
//! step over the whole state, with the time passed in. So the order of arrivals is the order of the
//! journal and of the quota.
//!
//! The file is longer than others because every step of that one passage is in it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::Method;
use serde_json::Value;

use super::answer::{Answer, Reply, retry_header};
use super::config::Config;
use super::echo;
use super::fault::{Facts, Faults, Kind, RetryHeader, Stage, When};
use super::form::Form;
use super::gate::Gate;
use super::generated::{Generated, group};
use super::journal::{Entry, Journal};
use super::numbers::{Number, Numbers};
use super::operations::{self, Account, Fields, Operation};
use super::quota::Quotas;
use super::refusal::Refusal;
use super::request::{Call, Request};
use super::spaces::Spaces;
use crate::random::Random;

/// The whole state of an emulator.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    pub(super) account: Account,
    pub(super) quotas: Quotas,
    /// Calls that were read and have not arrived.
    pub(super) under_way: usize,
    gate: Gate,
    seed: u64,
    throttle_code: String,
    retry_after: bool,
    random: Random,
    /// The last true answer of a list by the space asked for: what a stale one shows again.
    lists: HashMap<Option<String>, Vec<Arc<Number>>>,
}

/// What a call came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether the service worked on it.
    pub(super) served: bool,
    reply: Reply,
    date: SystemTime,
    fault: Option<Kind>,
}

impl Outcome {
    /// The answer in full, which takes a while for a long list: not a thing to do while others wait
    /// for the state.
    pub(super) fn into_answer(self) -> Answer {
        self.reply.into_answer(self.date, self.fault.as_ref())
    }
}

/// What is found out about a call on its way.
#[derive(Debug)]
struct Visit {
    date: SystemTime,
    fault: Option<Kind>,
    counted: bool,
    throttled: bool,
    committed: bool,
    /// The form of the service's answer; none if the service behind the gateway was not asked.
    form: Option<Form>,
}

impl Service {
    pub(super) fn new(config: Config) -> Self {
        Self {
            faults: Faults::new(config.seed, config.faults),
            journal: Journal::default(),
            account: Account {
                spaces: Spaces::default(),
                numbers: Numbers::new(config.seed, &config.behaviour),
                behaviour: config.behaviour,
                generated: Generated { seed: config.seed },
            },
            quotas: Quotas::new(config.quota, config.window, config.count_rejected),
            under_way: 0,
            gate: Gate::new(
                config.access_key_id,
                config.access_key_secret,
                config.security_token,
            ),
            seed: config.seed,
            throttle_code: config.throttle_code,
            retry_after: config.retry_after,
            random: Random::seeded(config.seed),
            lists: HashMap::new(),
        }
    }

    /// Takes a call in, `at` after the start and on the server's date `now`.
    pub(super) fn receive(&mut self, call: &Call, at: Duration, now: SystemTime) -> Outcome {
        let mut visit = Visit {
            date: now,
            fault: None,
            counted: false,
            throttled: false,
            committed: false,
            form: None,
        };
        let parsed = Request::parse(call);
        let result = match &parsed {
            Ok(request) => self.serve(request, at, &mut visit),
            Err(refusal) => Err(refusal.clone()),
        };

        let request_id = group(&self.random.nonce().to_uppercase());
        let refused = matches!(&result, Err(refusal) if refusal.number_is_there);
        let reply = match result {
            Ok(fields) => Reply::success(&request_id, fields),
            Err(refusal) => Reply::refusal(&request_id, refusal),
        }
        .in_form(visit.form);
        let request = parsed.as_ref().ok();
        let parameter = |name| request.and_then(|r| r.parameter(name)).map(str::to_owned);
        let entry = Entry {
            sequence: self.journal.next(),
            at_micros: u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
            action: request.and_then(Request::action).map(str::to_owned),
            cust_space_id: parameter("CustSpaceId"),
            phone_number: request.and_then(Request::phone_number),
            signature: request.and_then(|request| request.signature),
            request_id,
            counted: visit.counted,
            throttled: visit.throttled,
            committed: visit.committed,
            refused,
            fault: visit.fault.as_ref().map(Kind::name),
            status: reply.status_under(visit.fault.as_ref()),
            code: Some(reply.code.clone()),
        };
        self.journal.write(entry);
        Outcome {
            served: visit.counted && !visit.throttled,
            reply,
            date: visit.date,
            fault: visit.fault,
        }
    }

    fn serve(
        &mut self,
        request: &Request<'_>,
        at: Duration,
        visit: &mut Visit,
    ) -> Result<Fields, Refusal> {
        let number = request.phone_number();
        let facts = Facts {
            action: request.action(),
            number: number.as_deref(),
        };
        visit.fault = self.faults.strike(Stage::Gate, facts);
        if let Some(fault) = &visit.fault {
            visit.date = strike_at_gate(fault, visit.date)?;
        }
        self.gate.enter(request, visit.date)?;
        let (action, operation) = operation(request)?;

        visit.counted = true;
        if let Err(wait) = self.quotas.admit(action, at) {
            visit.throttled = true;
            return Err(self.throttled(wait));
        }
        if let Some(fault) = self.faults.strike(Stage::Admitted, facts) {
            let prevented = self.prevented_by(&fault, request);
            visit.throttled = matches!(fault, Kind::Throttle { .. });
            visit.fault = Some(fault);
            if let Some(refusal) = prevented {
                return Err(refusal);
            }
        }

        let stale = self.stale_list(request, operation, at, visit.fault.as_ref());
        visit.form = Some(Form::new(&self.account.behaviour, operation, self.seed));
        let done = operation.run(request, &mut self.account, at, stale)?;
        visit.committed = done.committed;
        Ok(done.fields)
    }

    fn throttled(&self, wait: Duration) -> Refusal {
        let message = "Request was denied due to user flow control.";
        let mut refusal = Refusal::new(400, self.throttle_code.as_str(), message);
        if self.retry_after {
            refusal
                .headers
                .push(retry_header(RetryHeader::default(), wait));
        }
        refusal
    }

    /// What is said instead of executing the operation, if the fault keeps it from that.
    fn prevented_by(&self, fault: &Kind, request: &Request<'_>) -> Option<Refusal> {
        match fault {
            Kind::EchoRequest {
                writing,
                code,
                status,
            } => {
                let quoted = echo::quote(request, *writing);
                let detail = Value::String(quoted.clone());
                Some(Refusal {
                    access_denied_detail: Some(detail),
                    ..Refusal::new(*status, code.as_str(), quoted)
                })
            }
            Kind::BusinessError {
                code,
                message,
                status,
                access_denied_detail,
            } => Some(Refusal {
                access_denied_detail: access_denied_detail.clone(),
                ..Refusal::new(*status, code.as_str(), message.as_str())
            }),
            Kind::Throttle {
                code,
                retry_after,
                header,
            } => {
                let code = code.as_ref().unwrap_or(&self.throttle_code);
                let message = "Request was denied due to user flow control.";
                let mut refusal = Refusal::new(400, code.as_str(), message);
                let wait = retry_after.map(|wait| retry_header(*header, wait.0));
                refusal.headers.extend(wait);
                Some(refusal)
            }
            Kind::ResetBeforeCommit {}
            | Kind::NeverAnswer {
                when: When::BeforeCommit,
            }
            | Kind::Status {
                when: When::BeforeCommit,
                ..
            } => Some(Refusal::new(500, "InternalError", "Not executed.")),
            _ => None,
        }
    }

    /// What a list shows if it is to be stale; a fresh one is remembered.
    fn stale_list(
        &mut self,
        request: &Request<'_>,
        operation: Operation,
        at: Duration,
        fault: Option<&Kind>,
    ) -> Option<Vec<Arc<Number>>> {
        if operation != Operation::QueryChatappPhoneNumbers {
            return None;
        }
        let space = request.parameter("CustSpaceId").map(str::to_owned);
        if fault == Some(&Kind::StaleList {}) {
            return Some(self.lists.get(&space).cloned().unwrap_or_default());
        }
        self.lists
            .insert(space, operations::list(request, &self.account.numbers, at));
        None
    }
}

/// The server's date under the fault, or its refusal.
fn strike_at_gate(fault: &Kind, date: SystemTime) -> Result<SystemTime, Refusal> {
    match fault {
        Kind::ClockSkew { seconds } => {
            let skew = Duration::from_secs(seconds.unsigned_abs());
            let skewed = if *seconds < 0 {
                date.checked_sub(skew)
            } else {
                date.checked_add(skew)
            };
            Ok(skewed.unwrap_or(date))
        }
        Kind::ExpiredToken {} => {
            let message = "Specified SecurityToken is expired.";
            Err(Refusal::new(400, "InvalidSecurityToken.Expired", message))
        }
        Kind::SignatureRefused {} => {
            let message = "Specified signature is not matched with our calculation.";
            Err(Refusal::new(400, "SignatureDoesNotMatch", message))
        }
        _ => Ok(date),
    }
}

fn operation<'a>(request: &'a Request<'_>) -> Result<(&'a str, Operation), Refusal> {
    let not_found = || {
        let message = "Specified api is not found, please check your url and method.";
        Refusal::new(404, "InvalidApi.NotFound", message)
    };
    if request.call.path != "/" || ![Method::GET, Method::POST].contains(&request.call.method) {
        return Err(not_found());
    }
    let version = request
        .version()
        .ok_or_else(|| Refusal::missing("Version"))?;
    if version != operations::VERSION {
        let message = "Specified parameter Version is not valid.";
        return Err(Refusal::new(400, "InvalidVersion", message));
    }
    let action = request.action().ok_or_else(|| Refusal::missing("Action"))?;
    let operation = Operation::parse(action).ok_or_else(not_found)?;
    Ok((action, operation))
}

#[cfg(test)]
mod tests;
