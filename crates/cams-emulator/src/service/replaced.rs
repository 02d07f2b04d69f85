//! What faults and the quota put in the place of executing a call.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Service;
use crate::echo;
use crate::fault::{Kind, RetryHeader, When};
use crate::numbers::Number;
use crate::operation::Operation;
use crate::operations;
use crate::refusal::Refusal;
use crate::reply::retry_header;
use crate::request::Request;

impl Service {
    /// The refusal of a call that is over the quota and could come back after `wait`.
    pub(super) fn throttled(&self, wait: Duration) -> Refusal {
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
    pub(super) fn prevented_by(&self, fault: &Kind, request: &Request<'_>) -> Option<Refusal> {
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
    pub(super) fn stale_list(
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
