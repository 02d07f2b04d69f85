//! What happens to a call that has arrived, from its first check to its commit. This is one
//! synchronous step over the whole state, and the time is passed in. So calls are in the same order
//! in the journal as in the quota. The one thing that is read meanwhile is the file with the OIDC
//! token, if there is one.
//!
//! This file is longer than 300 lines because all steps of that one passage are in it.

mod gateway;
mod replaced;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::answer::Delivery;
use super::api::Api;
use super::behaviour::Answers;
use super::config::Config;
use super::fault::{Facts, Faults, Kind, Stage};
use super::form::Form;
use super::gate::Gate;
use super::generated::{Generated, group};
use super::issuance::Issuance;
use super::journal::{Entry, Journal};
use super::keys::{AccessKey, Caller, Keys};
use super::numbers::{Number, Numbers};
use super::operation::Operation;
use super::operations::Account;
use super::quota::Quotas;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::{HttpRequest, Request};
use super::signature;
use super::sources::{self, Desk, Sources};
use super::spaces::Spaces;
use super::sts::{Question, StsOperation, Tokens};
use base::random::Random;
use gateway::Called;

/// The whole state of an emulator.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    pub(super) account: Account,
    pub(super) quotas: Quotas,
    pub(super) keys: Keys,
    pub(super) issuance: Issuance,
    pub(super) sources: Sources,
    /// The number of calls that were read from their connection and have not arrived yet.
    pub(super) under_way: usize,
    sts_quotas: Quotas,
    tokens: Tokens,
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
    /// The time that the answer takes beyond that.
    pub(super) delay: Duration,
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

/// A call as it arrives.
#[derive(Clone, Copy, Debug)]
struct Call<'a> {
    request: &'a Request<'a>,
    api: Api,
    request_id: &'a str,
    /// When it arrives, after the emulator's start.
    at: Duration,
    /// The true date, which no fault changes.
    now: SystemTime,
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
    /// The id of the key that it was given.
    issued: Option<String>,
    /// The time that a source of credentials takes.
    delay: Duration,
    /// The form of the service's answer. There is none if the service behind the gateway was not
    /// asked.
    form: Option<Form>,
}

impl Service {
    pub(super) fn new(config: Config) -> Self {
        let key = AccessKey {
            account_id: config.account_id,
            access_key_id: config.access_key_id,
            access_key_secret: config.access_key_secret,
            security_token: config.security_token,
            is_root: config.is_root,
        };
        let keys = std::iter::once(key).chain(config.more_keys).collect();
        Self {
            faults: Faults::new(config.seed, config.faults),
            journal: Journal::default(),
            account: Account {
                spaces: Spaces::default(),
                numbers: Numbers::new(config.seed, &config.behaviour),
                behaviour: config.behaviour,
                generated: Generated { seed: config.seed },
            },
            quotas: Quotas::new(config.quota, config.window, config.count_rejected)
                .counted_per(config.quota_per),
            keys: Keys::new(keys, config.seed),
            issuance: config.issuance,
            sources: Sources::new(config.sso_access_token),
            under_way: 0,
            sts_quotas: Quotas::new(config.sts_quota, config.window, config.count_rejected),
            tokens: Tokens::default(),
            gate: Gate::default(),
            throttle_code: config.throttle_code,
            retry_after: config.retry_after,
            random: Random::seeded(config.seed),
            lists: HashMap::new(),
        }
    }

    /// Serves a call that arrives `at` after the emulator's start, on the server's date `now`, and
    /// records it in the journal.
    pub(super) fn receive(&mut self, http: &HttpRequest, at: Duration, now: SystemTime) -> Outcome {
        let mut visit = Visit::on(now);
        let request_id = group(&self.random.nonce().to_uppercase());
        let parsed = Request::parse(http);
        let request = parsed.as_ref().ok();
        let api = Api::of(http, request);
        let result = match &parsed {
            Ok(request) => {
                let call = Call {
                    request,
                    api,
                    request_id: &request_id,
                    at,
                    now,
                };
                self.serve(call, &mut visit)
            }
            Err(refusal) => Err(refusal.clone()),
        };

        let refused = matches!(&result, Err(refusal) if refusal.number_is_there);
        let reply = result
            .unwrap_or_else(|refusal| Reply::refusal(&request_id, api, refusal))
            .in_form(visit.form);
        let parameter = |name| request.and_then(|r| r.parameter(name)).map(str::to_owned);
        let claim = request.and_then(|request| signature::claim(request).ok());
        let key = claim.map(|claim| claim.access_key_id);
        let account_id = key.and_then(|id| self.keys.account_of(id));
        let entry = Entry {
            sequence: self.journal.next(),
            at_micros: u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
            kind: api,
            action: request.and_then(|r| action(r, api)).map(str::to_owned),
            access_key_id: key.map(str::to_owned),
            account_id: account_id.map(str::to_owned),
            issued_key_id: visit.issued,
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
            code: reply.code.clone(),
        };
        self.journal.write(entry);
        Outcome {
            served: visit.counted && !visit.throttled,
            delay: visit.delay,
            reply,
            date: visit.date,
            fault: visit.fault,
        }
    }

    /// Checks and executes a request. `visit` is filled in on the way, also for a request that is
    /// refused.
    fn serve(&mut self, call: Call<'_>, visit: &mut Visit) -> Result<Reply, Refusal> {
        let request = call.request;
        let number = request.phone_number();
        let facts = Facts {
            action: action(request, call.api),
            number: number.as_deref(),
        };
        if call.api.version().is_none() {
            self.strike(facts, request, visit)?;
            return self.hand_out(call, visit);
        }
        visit.fault = self.faults.strike(Stage::Gate, facts);
        if let Some(fault) = &visit.fault {
            visit.date = gateway::strike(fault, visit.date)?;
        }
        let caller = self.enter(call, visit.date)?;
        let (action, called) = gateway::operation(request, call.api)?;

        visit.counted = true;
        let account = caller.as_ref().map_or("", |caller| &caller.account_id);
        let quotas = match called {
            Called::Cams(_) => &mut self.quotas,
            Called::Sts(_) => &mut self.sts_quotas,
        };
        if let Err(wait) = quotas.admit(account, action, call.at) {
            visit.throttled = true;
            return Err(self.throttled(wait));
        }
        self.strike(facts, request, visit)?;
        match called {
            Called::Cams(operation) => self.run(call, operation, visit),
            Called::Sts(operation) => self.run_sts(call, operation, caller.as_ref(), visit),
        }
    }

    /// Finds out who calls. It is nobody if the operation is one that nobody signs.
    fn enter(&mut self, call: Call<'_>, date: SystemTime) -> Result<Option<Caller>, Refusal> {
        if gateway::is_unsigned(call.request, call.api) {
            if call.request.http.header("x-acs-version").is_none() {
                call.request.check_format()?;
            }
            return Ok(None);
        }
        let (keys, issuance) = (&self.keys, &self.issuance);
        let caller = self
            .gate
            .enter(call.request, keys, issuance, date, call.now)?;
        Ok(Some(caller))
    }

    /// Lets a fault strike the call, if one is due. Some faults take the place of what was asked.
    fn strike(
        &mut self,
        facts: Facts<'_>,
        request: &Request<'_>,
        visit: &mut Visit,
    ) -> Result<(), Refusal> {
        let Some(fault) = self.faults.strike(Stage::Admitted, facts) else {
            return Ok(());
        };
        let prevented = self.prevented_by(&fault, request);
        visit.throttled = matches!(fault, Kind::Throttle { .. });
        visit.fault = Some(fault);
        prevented.map_or(Ok(()), Err)
    }

    /// Executes an operation of CAMS.
    fn run(
        &mut self,
        call: Call<'_>,
        operation: Operation,
        visit: &mut Visit,
    ) -> Result<Reply, Refusal> {
        let stale = self.stale_list(call.request, operation, call.at, visit.fault.as_ref());
        visit.form = Some(Form::new(
            &self.account.behaviour,
            operation,
            self.account.generated.seed,
        ));
        let done = operation.run(call.request, &mut self.account, call.at, stale)?;
        visit.committed = done.committed;
        Ok(Reply::success(call.request_id, done.fields))
    }

    /// Executes an operation of STS. A sparse answer has only what a client cannot do without.
    fn run_sts(
        &mut self,
        call: Call<'_>,
        operation: StsOperation,
        caller: Option<&Caller>,
        visit: &mut Visit,
    ) -> Result<Reply, Refusal> {
        let question = Question {
            request: call.request,
            caller,
            now: call.now,
        };
        let (keys, tokens) = (&mut self.keys, &mut self.tokens);
        let mut done = operation.run(&question, keys, tokens, &self.issuance)?;
        if self.account.behaviour.answers == Answers::Sparse {
            done.fields
                .retain(|name, _| ["AccountId", "Credentials"].contains(&&**name));
        }
        visit.issued = done.issued;
        Ok(Reply::of_sts(call.request_id, done.fields))
    }

    /// Lets a source of credentials answer.
    fn hand_out(&mut self, call: Call<'_>, visit: &mut Visit) -> Result<Reply, Refusal> {
        let mut desk = Desk {
            keys: &mut self.keys,
            issuance: &self.issuance,
            request_id: call.request_id,
            now: call.now,
        };
        let handed = self.sources.answer(call.api, call.request.http, &mut desk);
        let not_found = || Refusal::new(404, "InvalidApi.NotFound", "There is no such source.");
        let handed = handed.ok_or_else(not_found)?;
        visit.issued = handed.issued;
        visit.delay = handed.delay;
        Ok(handed.reply)
    }
}

impl Visit {
    /// A call that arrives on this date.
    fn on(date: SystemTime) -> Self {
        Self {
            date,
            fault: None,
            counted: false,
            throttled: false,
            committed: false,
            issued: None,
            delay: Duration::ZERO,
            form: None,
        }
    }
}

/// The action of a request, or the name that a request to a source of credentials has.
fn action<'a>(request: &'a Request<'_>, api: Api) -> Option<&'a str> {
    sources::action(api, request.http).or_else(|| request.action())
}

#[cfg(test)]
mod tests;
