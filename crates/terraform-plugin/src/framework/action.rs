//! Actions: the trait that the author of one implements, and how one reports its progress.

use std::future::Future;

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6::invoke_action::{Event, event};

use super::context::Context;
use super::model::Model;
use super::schema::Schema;
use super::session::send;

/// An action: something that is done when a configuration or a user asks for it, and that leaves no
/// state.
pub trait Action: Send + Sync + 'static {
    /// What the provider's configuration became, `Data` of [`Provider`](super::provider::Provider).
    type Provider: Send + Sync + 'static;
    /// The model of the configuration.
    type Config: Model;

    /// The type in HCL, which begins with the provider's name.
    fn type_name(&self) -> &'static str;

    /// The schema of the configuration.
    fn schema(&self) -> Schema;

    /// Checks what concerns several attributes together; validators of the schema check single
    /// ones. Values may be unknown.
    fn validate(&self, _config: &Self::Config) -> Diagnostics {
        Diagnostics::default()
    }

    /// Does it. The configuration is known.
    ///
    /// # Errors
    ///
    /// Why it was not done, or not wholly.
    fn invoke(
        &self,
        context: Context<'_, Self::Provider>,
        config: Self::Config,
        progress: Progress<'_>,
    ) -> impl Future<Output = Result<(), Diagnostics>> + Send;
}

/// Shows the user how far an action is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    pub(crate) events: &'a Sender<Result<Event, Status>>,
    pub(crate) stop: &'a CancellationToken,
}

impl Progress<'_> {
    /// Shows a message. It waits while Terraform does not read earlier ones, but not after the action
    /// was asked to stop or Terraform has disconnected: the message is then lost.
    pub async fn show(&self, message: impl Into<String>) {
        let message = base::foreign_text::lines(&message.into());
        let progress = event::Type::Progress(event::Progress { message });
        let event = Event {
            r#type: Some(progress),
        };
        send(self.events, event, self.stop).await;
    }
}
