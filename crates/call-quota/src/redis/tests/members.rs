//! What a server remembers of processes and of quotas, on a clock that the test sets.

use super::*;

/// What processes of several hosts do, on a clock that the test sets.
struct Fleet {
    _server: RedisServer,
    script: Script,
    client: redis::Connection,
    now: Micros,
}

impl Fleet {
    fn new() -> Self {
        let server = RedisServer::start();
        let client = server.client();
        let mut fleet = Self {
            _server: server,
            script: script_on_a_test_clock(),
            client,
            now: 1_790_000_000_000_000,
        };
        fleet.permits(10);
        fleet.now += PAUSE;
        fleet
    }

    fn sends(&mut self, name: &str, number: u64, activity: Activity, command: Command) -> Reply {
        let notice = Notice {
            name,
            share: 2,
            number,
            activity,
        };
        run_as(
            &notice,
            &self.script,
            &mut self.client,
            at(self.now),
            command,
        )
    }

    /// How many permits another process is granted, which returns them.
    fn permits(&mut self, most: usize) -> usize {
        let mut permits = Vec::new();
        while let Reply::Granted(permit) = run(&self.script, &mut self.client, self.now, ACQUIRE) {
            permits.push(permit);
        }
        for permit in &permits {
            let unsent = Command::Unsent(*permit);
            run(&self.script, &mut self.client, self.now, unsent);
        }
        self.now += WAITER_GRACE + 1_000_000;
        assert!(permits.len() <= most);
        permits.len()
    }
}

const NOTHING: Command = Command::Cancel(WaiterId(0));

#[test]
fn the_share_of_a_process_that_may_be_cut_off_comes_out_of_the_quota() {
    let mut fleet = Fleet::new();
    fleet.sends("a", 1, Activity::Active, NOTHING);
    assert_eq!(fleet.permits(10), 10, "it was heard of just now");
    fleet.now += CUT_OFF_AFTER;
    assert_eq!(fleet.permits(10), 8);
    fleet.sends("b", 1, Activity::Active, NOTHING);
    fleet.now += CUT_OFF_AFTER + 1;
    assert_eq!(fleet.permits(10), 6);
    fleet.sends("a", 2, Activity::Active, NOTHING);
    assert_eq!(fleet.permits(10), 8, "one is back");
    fleet.now += constants::SHARE_LIFETIME;
    assert_eq!(fleet.permits(10), 10, "no process waits forever");
}

#[test]
fn a_process_that_uses_its_fallback_has_its_share_as_long_as_it_does() {
    let mut fleet = Fleet::new();
    fleet.sends("a", 1, Activity::Away, NOTHING);
    assert_eq!(fleet.permits(10), 8, "from the first trial on");
    for trial in 2..10 {
        fleet.now += CUT_OFF_AFTER / 2;
        fleet.sends("a", trial, Activity::Away, NOTHING);
        assert_eq!(fleet.permits(10), 8);
    }
    fleet.sends("a", 10, Activity::Active, NOTHING);
    assert_eq!(fleet.permits(10), 10, "it is back");
}

#[test]
fn a_clock_that_is_set_back_keeps_who_is_cut_off() {
    let mut fleet = Fleet::new();
    fleet.sends("a", 1, Activity::Away, NOTHING);
    fleet.now -= 60 * SECOND;
    assert_eq!(fleet.permits(10), 0, "earlier calls are unknown");
    fleet.now += PAUSE;
    assert_eq!(fleet.permits(10), 8);
}

#[test]
fn a_process_without_work_has_no_share() {
    let mut fleet = Fleet::new();
    fleet.sends("a", 3, Activity::Active, NOTHING);
    // What was sent before arrives later.
    fleet.sends("a", 2, Activity::Idle, NOTHING);
    fleet.now += CUT_OFF_AFTER + 1;
    assert_eq!(fleet.permits(10), 8);
    fleet.sends("a", 4, Activity::Idle, NOTHING);
    assert_eq!(fleet.permits(10), 10);
}

#[test]
fn however_many_are_cut_off_one_call_may_go() {
    let mut fleet = Fleet::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        fleet.sends(name, 1, Activity::Active, NOTHING);
    }
    fleet.now += CUT_OFF_AFTER + 1;
    assert_eq!(fleet.permits(10), 1);
}

#[test]
fn a_process_whose_request_failed_is_not_heard_of_before_the_next_one_succeeds() {
    let member = Member::new(NonZeroU32::MIN);
    let permit = PermitId(1);
    let asks = || {
        let notice = member.sends(ACQUIRE);
        assert_eq!(notice.activity, Activity::Active);
        notice.number
    };
    let granted = Some(Reply::Granted(permit));
    let waits = || {
        Reply::Wait(Wait {
            waiter: Some(WaiterId(1)),
            delay: 1,
            ahead: 0,
            limit: 10,
            reason: WaitReason::Quota,
        })
    };
    member.receives(asks(), granted);
    // Two operations ask at the same time.
    let (one, other) = (asks(), asks());
    member.receives(one, None);
    member.receives(other, granted);
    assert_eq!(member.sends(Command::Answered(permit)).name, "");
    assert_eq!(member.away().activity, Activity::Away);
    member.receives(other, granted);
    assert_eq!(member.sends(Command::Answered(permit)).name, "");
    // The waiter that this one leaves behind is not what the process waits as when it is back.
    member.receives(other, Some(waits()));
    member.away();
    member.receives(asks(), granted);
    member.sends(Command::Answered(permit));
    let settled = member.sends(Command::Answered(permit));
    assert_eq!(
        (settled.name, settled.activity),
        (&*member.name, Activity::Idle)
    );
}
