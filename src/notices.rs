//! Warnings that concern no single resource, and that come to light while one is worked on.

use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};

use super::Cams;
use super::settings;
use super::throttling::Throttled;

impl Cams {
    /// What came to light about the places that this machine's processes share, each told once in a
    /// run. What it costs differs from place to place, so each is told for itself.
    pub(super) fn notices(&self) -> Diagnostics {
        let quota = self.throttled.iter().flat_map(Throttled::notices);
        let others = [
            self.claims.notice(),
            self.account_notice(),
            self.lock_notice(),
        ];
        let notices = quota.chain(others.into_iter().flatten());
        let notices = notices.filter(|notice| self.first_to_tell(&notice.summary));
        notices.collect()
    }

    /// What to tell if another process does not give the file free by which all agree on the
    /// account.
    fn lock_notice(&self) -> Option<Diagnostic> {
        let file = self.client.as_ref().ok()?.account_locked()?;
        Some(Diagnostic::warning(
            "Account File Locked",
            format!(
                "Another process keeps {} locked. This file says which account's call quota the \
                 processes of this user share. The provider waited for some seconds and went on \
                 without the lock: if another process finds another account, CAMS may throttle all \
                 of them.\n\nThe process that has the lock may be stopped (Ctrl-Z): resume it or \
                 end it. If the file is on a share whose locks do not work, name another directory \
                 in throttle.state_directory or CAMS_THROTTLE_STATE_DIRECTORY. The file is not \
                 needed where account_id is set in the provider block, or {} in the environment.",
                file.display(),
                settings::ACCOUNT_ID.variables.join(" or ")
            ),
        ))
    }

    /// What to tell if the account is not known although others may use it with another key: one of
    /// a session is nobody else's, and over Redis several machines share an account.
    fn account_notice(&self) -> Option<Diagnostic> {
        let client = self.client.as_ref().ok()?;
        let why = client.account_trouble()?;
        let throttled = self.throttled.as_ref()?;
        let fleet = throttled.scope == settings::throttle::Scope::Redis;
        if !(client.credentials().source().is_temporary() || fleet) {
            return None;
        }
        Some(Diagnostic::warning(
            "Account Not Known",
            format!(
                "The call quota is the account's, and which account the credentials belong to \
                 could not be found out, so the quota is counted for this access key alone: others \
                 who use the account with another key do not share it, and CAMS may throttle all \
                 of them. {why}\n\nSet account_id in the provider block or the variable {}, or \
                 sts_endpoint to where STS can be reached.",
                settings::ACCOUNT_ID.variables.join(" or ")
            ),
        ))
    }
}
