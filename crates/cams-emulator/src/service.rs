//! What happens to a call that has arrived, from its first check to its commit. This is one
//! synchronous step over the whole state, and the time is passed in. So calls are in the same order
//! in the journal as in the quota.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use base::random::Random;
use hyper::Method;
use serde_json::json;

use crate::call::{ServiceState, Visit};
use crate::fault::{FaultKind, Faults, Stage};
use crate::flags::Flags;
use crate::gate::{UsedNonces, check_date};
use crate::generated::{Generated, group};
use crate::journal::Entry;
use crate::keys::KnownKeys;
use crate::numbers::Numbers;
use crate::operations::{self, EmulatedOperation};
use crate::quota::Quotas;
use crate::refusal::{Rejection, Result, refuse_if};
use crate::reply::{AnswerForm, Delivery, LazyReply};
use crate::request::{Addressee, IncomingRequest};
use crate::signature;
use crate::sources;

/// The whole state of an emulator.
pub(crate) struct EmulatedService {
    pub(crate) state: ServiceState,
    pub(crate) faults: Faults,
    /// All requests since the emulator's start, or since the journal was cleared.
    pub(crate) journal: Vec<Entry>,
    pub(crate) quotas: Quotas,
    /// The number of calls that were read from their connection and have not arrived yet.
    pub(crate) under_way: usize,
    nonces: UsedNonces,
    /// The operations that RAM denies.
    denied: Vec<String>,
    /// The time that the service behind the gateway takes for a call.
    service_time: Duration,
    random: Random,
}

/// The outcome of a call.
pub(crate) struct CallOutcome {
    /// The time that the service or the source takes for its answer.
    pub(crate) delay: Duration,
    /// The date that the server shows.
    pub(crate) date: SystemTime,
    reply: LazyReply,
    /// What spoils the answer.
    fault: Option<FaultKind>,
}

impl EmulatedService {
    pub(crate) fn new(flags: Flags) -> Self {
        let generated = Generated { seed: flags.seed };
        let account = flags.account;
        let keys = std::iter::once(account.key).chain(account.more_keys);
        Self {
            state: ServiceState {
                generated,
                spaces: HashMap::new(),
                numbers: Numbers::new(generated, flags.behaviour),
                lists: HashMap::new(),
                issuance: flags.issuance,
                keys: KnownKeys::new(keys.collect(), generated),
                oidc_tokens: HashSet::new(),
                metadata_tokens: HashMap::new(),
                metadata_session: None,
            },
            faults: Faults::new(flags.seed, flags.faults.into_iter().flatten()),
            journal: Vec::new(),
            quotas: Quotas::new(flags.limits),
            under_way: 0,
            nonces: UsedNonces::default(),
            denied: account.deny,
            service_time: flags.timing.service_time.0,
            random: Random::seeded(flags.seed),
        }
    }

    /// Serves a call that arrives `at` after the emulator's start, on the true date `now`, and
    /// records it in the journal.
    pub(crate) fn receive(
        &mut self,
        request: &IncomingRequest,
        at: Duration,
        now: SystemTime,
    ) -> CallOutcome {
        let mut call = Visit {
            request,
            at,
            now,
            date: now,
            entry: self.entry(request, at),
            fault: None,
            caller: None,
            form: None,
        };
        let result = self.serve(&mut call);
        let mut entry = call.entry;
        let reply = result.unwrap_or_else(|refusal| {
            entry.throttled = refusal.is_throttling;
            LazyReply::refusal(request.target, &entry.request_id, refusal, call.form)
        });
        let status = reply.response.status;
        entry.status = match &call.fault {
            Some(fault) => fault.status_sent(status),
            None => Some(status),
        };
        entry.code.clone_from(&reply.code);
        let delay = match request.target {
            Addressee::Metadata => self.state.issuance.metadata_delay.0,
            _ if entry.counted && !entry.throttled => self.service_time,
            _ => Duration::ZERO,
        };
        self.journal.push(entry);
        CallOutcome {
            delay,
            date: call.date,
            reply,
            fault: call.fault,
        }
    }

    /// What is known of a request when it arrives.
    fn entry(&mut self, request: &IncomingRequest, at: Duration) -> Entry {
        let action = sources::action(request).or_else(|| request.action());
        let claim = signature::claim(request).ok();
        let key = claim.map(|claim| claim.access_key_id);
        Entry {
            at_micros: u64::try_from(at.as_micros()).unwrap_or(u64::MAX),
            kind: request.target,
            action: action.map(str::to_owned),
            access_key_id: key.map(str::to_owned),
            account_id: key.and_then(|id| self.state.keys.account_of(id)),
            cust_space_id: request.parameter("CustSpaceId").map(str::to_owned),
            phone_number: request.phone_number(),
            signature: request.signature,
            request_id: group(&self.random.nonce()),
            ..Entry::default()
        }
    }

    /// Checks and executes a call. What becomes known of it is noted in it, also if it is refused.
    fn serve(&mut self, call: &mut Visit<'_>) -> Result<LazyReply> {
        let request = call.request;
        let message = "The parameters are malformed.";
        refuse_if(request.is_malformed, 400, "InvalidParameter", message)?;
        if sources::action(request).is_some() {
            self.strike(Stage::Admitted, call)?;
            return Ok(sources::answer(call, &mut self.state));
        }
        self.strike(Stage::Authenticator, call)?;
        self.authenticate(call)?;
        let operation = route(request)?;

        call.entry.counted = true;
        if operation.api == Addressee::Cams {
            let account = call.entry.account_id.as_deref().unwrap_or_default();
            if !self.quotas.admit(account, operation.name, call.at) {
                return Err(Rejection::throttling(None, None));
            }
        }
        self.strike(Stage::Admitted, call)?;
        self.execute(operation, call)
    }

    /// Lets a fault strike the call, if one is due. Some faults refuse what was requested.
    fn strike(&mut self, stage: Stage, call: &mut Visit<'_>) -> Result<()> {
        let entry = &call.entry;
        let (action, number) = (entry.action.as_deref(), entry.phone_number.as_deref());
        let Some(fault) = self.faults.strike(stage, action, number) else {
            return Ok(());
        };
        call.entry.fault = Some(fault.name.clone());
        if let FaultKind::ClockSkew { seconds } = fault.kind {
            let skew = Duration::from_secs(seconds.unsigned_abs().into());
            call.date = match seconds < 0 {
                true => call.date - skew,
                false => call.date + skew,
            };
        }
        let refusal = fault.kind.refusal(call.request);
        call.fault = Some(fault.kind.clone());
        refusal.map_or(Ok(()), Err)
    }

    /// Finds out who calls, if the operation is signed: by access key, security token, date,
    /// signature and nonce.
    fn authenticate(&mut self, call: &mut Visit<'_>) -> Result<()> {
        let request = call.request;
        if operations::named(request).is_some_and(|operation| !operation.is_signed) {
            return match request.header("x-acs-version") {
                Some(_) => Ok(()),
                None => request.check_format(),
            };
        }
        let claim = signature::claim(request)?;
        let (keys, revoked_as) = (&self.state.keys, self.state.issuance.revoked_as);
        // Sessions end by the true date, also where the server's clock is wrong.
        let (secret, caller) = keys.find(&claim, revoked_as, call.now)?;
        check_date(claim.date, call.date)?;
        signature::verify(request, secret)?;
        let is_used = !self.nonces.is_first(claim.nonce, call.date);
        let message = "Specified signature nonce was used already.";
        refuse_if(is_used, 400, "SignatureNonceUsed", message)?;
        call.caller = Some(caller);
        Ok(())
    }

    /// Executes an operation, if the caller may.
    fn execute(
        &mut self,
        operation: &'static EmulatedOperation,
        call: &mut Visit<'_>,
    ) -> Result<LazyReply> {
        let behaviour = &self.state.numbers.behaviour;
        let form = AnswerForm {
            choices: behaviour.clone(),
            essential: operation.essential,
            seed: self.state.generated.seed,
        };
        // The refusals of STS are those of a gateway, and have one form.
        call.form = (operation.api == Addressee::Cams).then(|| form.clone());
        if self.denied.iter().any(|name| name == operation.name) {
            return Err(denied(operation));
        }
        let is_unsubscribed = operation.needs_subscription && behaviour.not_subscribed;
        let message = "You have not subscribed to the product.";
        refuse_if(is_unsubscribed, 400, "Product.Unsubscript", message)?;
        let fields = (operation.run)(call, &mut self.state)?;
        let request_id = &call.entry.request_id;
        Ok(LazyReply::success(operation.api, request_id, fields, form))
    }
}

impl CallOutcome {
    /// The answer in full. A long list takes a while, so the lock on the state must be released
    /// before.
    pub(crate) fn into_delivery(self) -> Delivery {
        let (response, text) = self.reply.into_response();
        match self.fault {
            Some(fault) => fault.deliver(response, &text),
            None => Delivery::Respond(response),
        }
    }
}

/// The operation that the request calls. Refused are other paths and methods, another version of
/// the API, and names that are not known.
fn route(request: &IncomingRequest) -> Result<&'static EmulatedOperation> {
    let not_found = || {
        let message = "Specified api is not found, please check your url and method.";
        Rejection::new(404, "InvalidApi.NotFound", message)
    };
    if request.path != "/" || ![Method::GET, Method::POST].contains(&request.method) {
        return Err(not_found());
    }
    let version = request.version();
    let version = version.ok_or_else(|| Rejection::missing("Version"))?;
    let (expected, ..) = request.target.api();
    let message = "Specified parameter Version is not valid.";
    refuse_if(version != expected, 400, "InvalidVersion", message)?;
    match request.action() {
        None => Err(Rejection::missing("Action")),
        Some(_) => operations::named(request).ok_or_else(not_found),
    }
}

/// The refusal by RAM of an operation that no policy of the user allows. The gateway adds the
/// detail.
fn denied(operation: &EmulatedOperation) -> Rejection {
    let message = "You are not authorized to perform this operation.";
    Rejection {
        access_denied_detail: Some(json!({
            "AuthAction": format!("cams:{}", operation.name),
            "AuthPrincipalDisplayName": "200000000000000000",
            "AuthPrincipalOwnerId": "1000000000000000",
            "AuthPrincipalType": "SubUser",
            "NoPermissionType": "ImplicitDeny",
            "PolicyType": "AccountLevelIdentityBasedPolicy",
        })),
        ..Rejection::new(400, "Ram.PermissionDeny", message)
    }
}

#[cfg(test)]
mod tests;
