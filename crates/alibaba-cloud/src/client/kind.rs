//! What an error is about, and the table that says what each kind of error means.

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// RAM does not allow the call. User action: get the policy statement granted.
    AccessDenied,
    /// The user asked to stop. User action: apply again.
    Cancelled,
    /// The clock of the service differs from ours, and signing with the date of the service did not
    /// help. User action: set the clock.
    ClockDiffers,
    /// The service does not accept the credentials. User action: correct them.
    Credentials,
    /// There is no key to sign the request with: it could not be fetched. User action: correct what
    /// the credentials come from.
    CredentialsUnavailable,
    /// The answer lacks what its documentation promises. User action: apply again.
    Incomplete,
    /// The answer is not the service's: a proxy or a firewall answered in its place. User action:
    /// check proxy, firewall and endpoint.
    Intercepted,
    /// The service does not accept a parameter. User action: correct it.
    InvalidParameter,
    /// What the call is about does not exist. User action: check the parameters.
    NotFound,
    /// The account has not activated the product. User action: activate it.
    NotSubscribed,
    /// The service refused the call for a reason that is none of the others. User action: look the
    /// code up.
    Other,
    /// The resource is another account's. User action: correct its id or the credentials.
    ResourceOwner,
    /// The quota was exhausted until the deadline. User action: wait, or raise the timeout.
    Throttled,
    /// The deadline passed. User action: apply again, or raise the timeout.
    TimedOut,
    /// The service failed. User action: apply again later.
    Unavailable,
    /// No usable answer to a request that was sent. User action: apply again.
    Unanswered,
    /// No connection. User action: by [`Error::obstacle`](super::Error::obstacle).
    Unreachable,
    /// The certificate of the service, or of a proxy, is not trusted. User action: trust it, or
    /// check the endpoint.
    Untrusted,
    /// The caller's condition for sending the request did not hold any more. User action: apply
    /// again.
    Withheld,
}

/// What follows from an error of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Whether an attempt that ends so may have had its effect. It is then repeated only if it
    /// reads.
    pub effect: bool,
    /// Why another attempt may succeed. `None` if it would end alike.
    pub repeat: Option<Repeat>,
    /// Which calls the reason concerns.
    pub reach: Reach,
}

/// Why an attempt is repeated, which decides how often and after which wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The clocks differ: at once and once, with the service's.
    Clock,
    /// The key is not accepted, as after its end: at once and once, with another one if there is
    /// one. The gateway checks the key before anything else, so nothing was done.
    Key,
    /// The quota is exhausted: until the deadline.
    Throttled,
    /// A failure that may pass: a few times.
    Transient,
}

/// Which calls the reason of an error concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This call alone, whose bounds or condition ended it.
    Bounds,
    /// This call alone: the service refused what was asked for.
    Request,
    /// This attempt: another call may end differently.
    Attempt,
    /// All calls of the operation at this time.
    Operation,
    /// All calls of all operations.
    EveryCall,
}

impl ErrorKind {
    /// The table of what each kind means.
    pub const fn meaning(self) -> Meaning {
        use Repeat::{Clock, Key, Throttled, Transient};
        let (effect, repeat, reach) = match self {
            Self::AccessDenied => (false, None, Reach::Operation),
            Self::Cancelled => (false, None, Reach::Bounds),
            Self::ClockDiffers => (false, Some(Clock), Reach::EveryCall),
            Self::Credentials => (false, Some(Key), Reach::EveryCall),
            Self::CredentialsUnavailable => (false, None, Reach::EveryCall),
            Self::Incomplete => (true, None, Reach::Attempt),
            Self::Intercepted => (false, None, Reach::Attempt),
            Self::InvalidParameter => (false, None, Reach::Request),
            Self::NotFound => (false, None, Reach::Request),
            Self::NotSubscribed => (false, None, Reach::EveryCall),
            Self::Other => (false, None, Reach::Request),
            Self::ResourceOwner => (false, None, Reach::Request),
            Self::Throttled => (false, Some(Throttled), Reach::Attempt),
            Self::TimedOut => (false, None, Reach::Bounds),
            Self::Unanswered => (true, Some(Transient), Reach::Attempt),
            Self::Unavailable => (true, Some(Transient), Reach::Operation),
            Self::Unreachable => (false, Some(Transient), Reach::EveryCall),
            Self::Untrusted => (false, None, Reach::EveryCall),
            Self::Withheld => (false, None, Reach::Bounds),
        };
        Meaning {
            effect,
            repeat,
            reach,
        }
    }

    /// Whether another operation would fail as well, so that calling it is pointless.
    pub fn ends_the_operation(self) -> bool {
        matches!(self.meaning().reach, Reach::Bounds | Reach::EveryCall)
    }

    /// Whether calls about other subjects fail for the same reason, so that it is reported once.
    pub fn concerns_other_subjects(self) -> bool {
        matches!(self.meaning().reach, Reach::Operation | Reach::EveryCall)
    }

    /// Whether the same call would be answered alike for a while, and has no passing reason.
    pub fn is_lasting(self) -> bool {
        let meaning = self.meaning();
        meaning.reach == Reach::Operation && meaning.repeat.is_none()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const KINDS: &[ErrorKind] = &[
        ErrorKind::AccessDenied,
        ErrorKind::Cancelled,
        ErrorKind::ClockDiffers,
        ErrorKind::Credentials,
        ErrorKind::CredentialsUnavailable,
        ErrorKind::Incomplete,
        ErrorKind::Intercepted,
        ErrorKind::InvalidParameter,
        ErrorKind::NotFound,
        ErrorKind::NotSubscribed,
        ErrorKind::Other,
        ErrorKind::ResourceOwner,
        ErrorKind::Throttled,
        ErrorKind::TimedOut,
        ErrorKind::Unavailable,
        ErrorKind::Unanswered,
        ErrorKind::Unreachable,
        ErrorKind::Untrusted,
        ErrorKind::Withheld,
    ];

    /// The kinds for which this holds.
    pub(crate) fn kinds_where(holds: impl Fn(ErrorKind) -> bool) -> Vec<ErrorKind> {
        KINDS.iter().copied().filter(|kind| holds(*kind)).collect()
    }

    #[test]
    fn what_may_have_had_an_effect_is_never_settled_by_its_kind_alone() {
        use ErrorKind::{Incomplete, Unanswered, Unavailable};
        let effect = kinds_where(|kind| kind.meaning().effect);
        assert_eq!(effect, [Incomplete, Unavailable, Unanswered]);
    }

    #[test]
    fn one_operation_that_fails_alone_does_not_end_the_others() {
        use ErrorKind::*;
        let end = kinds_where(ErrorKind::ends_the_operation);
        let expected = [
            Cancelled,
            ClockDiffers,
            Credentials,
            CredentialsUnavailable,
            NotSubscribed,
            TimedOut,
            Unreachable,
            Untrusted,
            Withheld,
        ];
        assert_eq!(end, expected);
        let many = kinds_where(ErrorKind::concerns_other_subjects);
        let expected = [
            AccessDenied,
            ClockDiffers,
            Credentials,
            CredentialsUnavailable,
            NotSubscribed,
            Unavailable,
            Unreachable,
            Untrusted,
        ];
        assert_eq!(many, expected);
        assert_eq!(kinds_where(ErrorKind::is_lasting), [AccessDenied]);
    }
}
