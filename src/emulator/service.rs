//! What happens to a call that has arrived, from its first check to its commit. This is one
//! synchronous step over the whole state, and the time is passed in. So calls are in the same order
//! in the journal as in the quota.
//!
//! This file is longer than 300 lines because all steps of that one passage are in it.

mod gateway;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::answer::{Delivery, Reply, retry_header};
use super::config::Config;
use super::echo;
use super::fault::{Facts, Faults, Kind, RetryHeader, Stage, When};
use super::form::Form;
use super::gate::Gate;
use super::generated::{Generated, group};
use super::journal::{Entry, Journal};
use super::numbers::{Number, Numbers};
use super::operation::Operation;
use super::operations::{self, Account, Fields};
use super::quota::Quotas;
use super::refusal::Refusal;
use super::request::{HttpRequest, Request};
use super::spaces::Spaces;
use crate::random::Random;

/// The whole state of an emulator.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    pub(super) account: Account,
    pub(super) quotas: Quotas,
    /// The number of calls that were read from their connection and have not arrived yet.
    pub(super) under_way: usize,
    gate: Gate,
    throttle_code: String,
    retry_after: bool,
    random: Random,
    /// What the list last truly showed, by the space that was asked for. A stale list shows it
    /// again.
    lists: HashMap<Option<String>, Vec<Arc<Number>>>,
}

/// The outcome of a call.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether the service behind the gateway worked on the call, which takes its service time.
    pub(super) served: bool,
    reply: Reply,
    date: SystemTime,
    fault: Option<Kind>,
}

impl Outcome {
    /// The answer in full. A long list takes a while, so the lock on the state must be released
    /// before.
    pub(super) fn into_delivery(self) -> Delivery {
        self.reply.into_delivery(self.date, self.fault.as_ref())
    }
}

/// What becomes known about a call while it is served, for its journal entry and its answer.
#[derive(Debug)]
struct Visit {
    /// The date of the server, which a fault may have changed.
    date: SystemTime,
    /// The fault that strikes the call.
    fault: Option<Kind>,
    /// Whether the call came as far as the quota.
    counted: bool,
    /// Whether it was turned away for the sake of the quota.
    throttled: bool,
    /// Whether it is recorded as a started migration.
    committed: bool,
    /// The form of the service's answer. There is none if the service behind the gateway was not
    /// asked.
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
            throttle_code: config.throttle_code,
            retry_after: config.retry_after,
            random: Random::seeded(config.seed),
            lists: HashMap::new(),
        }
    }

    /// Serves a call that arrives `at` after the emulator's start, on the server's date `now`, and
    /// records it in the journal.
    pub(super) fn receive(&mut self, http: &HttpRequest, at: Duration, now: SystemTime) -> Outcome {
        let mut visit = Visit {
            date: now,
            fault: None,
            counted: false,
            throttled: false,
            committed: false,
            form: None,
        };
        let parsed = Request::parse(http);
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

    /// Checks and executes a request. `visit` is filled in on the way, also for a request that is
    /// refused.
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
            visit.date = gateway::strike(fault, visit.date)?;
        }
        self.gate.enter(request, visit.date)?;
        let (action, operation) = gateway::operation(request)?;

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
        visit.form = Some(Form::new(
            &self.account.behaviour,
            operation,
            self.account.generated.seed,
        ));
        let done = operation.run(request, &mut self.account, at, stale)?;
        visit.committed = done.committed;
        Ok(done.fields)
    }

    /// The refusal of a call that is over the quota and could come back after `wait`.
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

    /// The refusal that the fault puts in the place of executing the operation, if it does.
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

    /// What a list shows instead of its numbers if the fault makes it stale. Otherwise what it is
    /// about to show is remembered for a later one.
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

#[cfg(test)]
mod tests;
