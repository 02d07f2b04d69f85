use tokio::time::advance;
use tokio_util::sync::CancellationToken;

use cams::phone::PhoneNumber;

use super::*;

const TYPE: &str = "cams_number_migration";

fn target(mobile_number: &str) -> Target {
    Target {
        cust_space_id: "s".into(),
        number: PhoneNumber::parse("86", mobile_number).expect("a number"),
    }
}

fn call(timeout: Duration) -> Bounds {
    Bounds::new(timeout, CancellationToken::new())
}

const ENOUGH: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_number_is_claimed_once_until_given_back() {
    let (claims, call) = (Claims::default(), call(ENOUGH));
    let number = target("13900001234");
    let claim = claims.claim(&call, TYPE, &number).await.expect("the first");
    let second = claims.claim(&call, TYPE, &number).await;
    assert_eq!(second.expect_err("taken"), Refused::Duplicate);
    claims
        .claim(&call, TYPE, &target("13900001235"))
        .await
        .expect("another number");
    drop(claim);
    let mut claim = claims
        .claim(&call, TYPE, &number)
        .await
        .expect("given back");
    claim.keep();
    drop(claim);
    claims.claim(&call, TYPE, &number).await.expect_err("kept");
}

#[tokio::test]
async fn another_form_of_a_number_is_claimed_with_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let claims = || Claims::new(Some(directory.path().join("state")));
    let (here, elsewhere, call) = (claims(), claims(), call(ENOUGH));
    let number = |mobile_number: &str| Target {
        cust_space_id: "s".into(),
        number: PhoneNumber::parse("55", mobile_number).expect("a number"),
    };
    let _claim = here
        .claim(&call, TYPE, &number("31996883193"))
        .await
        .expect("the first");
    let second = here.claim(&call, TYPE, &number("3196883193")).await;
    assert_eq!(second.expect_err("taken"), Refused::Duplicate);
    let soon = self::call(Duration::from_millis(120));
    let late = elsewhere.claim(&soon, TYPE, &number("3196883193")).await;
    assert_eq!(late.expect_err("held"), Refused::Busy);
}

#[tokio::test]
async fn what_has_certainly_not_started_may_be_started_by_another() {
    let (claims, call) = (Claims::default(), call(ENOUGH));
    let mut claim = claims
        .claim(&call, TYPE, &target("13900001234"))
        .await
        .expect("the first");
    claim.keep();
    claim.give_back();
    claims
        .claim(&call, TYPE, &target("13900001234"))
        .await
        .expect("given back");
}

#[tokio::test]
async fn other_processes_wait_for_it_and_leave_nothing_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let (one, other) = (
        Claims::new(Some(state.clone())),
        Claims::new(Some(state.clone())),
    );
    let number = target("13900001234");
    let mut claim = one
        .claim(&call(ENOUGH), TYPE, &number)
        .await
        .expect("the first");
    let late = other
        .claim(&call(Duration::from_millis(120)), TYPE, &number)
        .await;
    assert_eq!(late.expect_err("held"), Refused::Busy);
    claim.keep();
    let free = async {
        tokio::task::yield_now().await;
        drop(claim);
    };
    let call = call(ENOUGH);
    let (second, ()) = tokio::join!(other.claim(&call, TYPE, &number), free);
    drop(second.expect("its turn"));
    assert_eq!(std::fs::read_dir(&state).expect("a directory").count(), 0);
}

#[tokio::test]
async fn a_stop_ends_the_wait_and_is_told_as_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let claims = || Claims::new(Some(directory.path().join("state")));
    let number = target("13900001234");
    let (one, other) = (claims(), claims());
    let _held = one
        .claim(&call(ENOUGH), TYPE, &number)
        .await
        .expect("the first");
    let stop = CancellationToken::new();
    stop.cancel();
    let waiting = other.claim(&Bounds::new(ENOUGH, stop), TYPE, &number).await;
    assert_eq!(waiting.expect_err("stopped"), Refused::Stopped);
}

#[tokio::test]
async fn a_deleted_claim_is_none_and_can_be_renewed() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state");
    let claims = Claims::new(Some(state.clone()));
    let number = target("13900001234");
    let mut claim = claims
        .claim(&call(ENOUGH), TYPE, &number)
        .await
        .expect("a claim");
    let witness = claim.witness();
    assert!(witness());
    // The file was moved: it still exists, and no process finds it.
    std::fs::rename(&state, directory.path().join("moved")).expect("a directory");
    assert!(!witness());
    claim.renew(&call(ENOUGH)).await.expect("its turn");
    assert!(claim.witness()());
    std::fs::remove_dir_all(&state).expect("a directory");
    assert!(!claim.witness()());
}

#[tokio::test]
async fn without_a_directory_of_its_own_it_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = directory.path().join("file");
    std::fs::write(&taken, "").expect("a file");
    let claims = Claims::new(Some(taken.join("state")));
    claims
        .claim(&call(ENOUGH), TYPE, &target("13900001234"))
        .await
        .expect("a claim");
    let notice = claims.notice().expect("a notice");
    assert!(notice.detail.contains("file/state"), "{}", notice.detail);
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn only_a_start_by_another_process_makes_earlier_lists_too_old() {
    let directory = tempfile::tempdir().expect("a directory");
    let starts = || Claims::new(Some(directory.path().join("state")));
    let (one, other) = (starts(), starts());
    let first = one.not_before("s");
    advance(SECOND).await;
    one.append("s", "line\n");
    one.append("s", "line\n");
    assert_eq!(
        one.not_before("s"),
        first,
        "its own starts are in its lists"
    );

    other.append("another space", "line\n");
    assert_eq!(one.not_before("s"), first);
    other.append("s", "line\n");
    let changed = one.not_before("s");
    assert_eq!(changed, Instant::now());
    advance(SECOND).await;
    assert_eq!(one.not_before("s"), changed, "until the next start");
}

#[tokio::test(start_paused = true)]
async fn a_start_is_known_to_later_processes_for_some_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let claims = || Claims::new(Some(directory.path().join("state")));
    let (killed, later, call) = (claims(), claims(), call(ENOUGH));
    let (number, other) = (target("13900001234"), target("13900001235"));
    let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    let claim = killed.claim(&call, TYPE, &number).await.expect("free");
    claim.note_start(at(0));
    drop(claim);
    let claim = later.claim(&call, TYPE, &number).await.expect("free");
    let other = later.claim(&call, TYPE, &other).await.expect("free");
    assert_eq!(claim.shown_by(at(4)), Some(Instant::now() + 6 * SECOND));
    assert_eq!(claim.shown_by(at(11)), None, "CAMS had its time");
    assert_eq!(other.shown_by(at(4)), None, "another number");
    claim.note_end();
    assert_eq!(claim.shown_by(at(4)), None, "it was not started");
    claim.append(&u64::MAX.to_string());
    assert_eq!(claim.shown_by(at(4)), None, "no date");
}

#[tokio::test(start_paused = true)]
async fn a_note_that_was_deleted_makes_earlier_lists_too_old() {
    let directory = tempfile::tempdir().expect("a directory");
    let starts = Claims::new(Some(directory.path().join("state")));
    starts.not_before("s");
    starts.append("s", "line\n");
    let first = starts.not_before("s");
    advance(SECOND).await;
    std::fs::remove_dir_all(directory.path().join("state")).expect("a directory");
    assert!(starts.not_before("s") > first);
}

#[tokio::test(start_paused = true)]
async fn without_a_directory_every_list_may_be_too_old() {
    let starts = Claims::new(None);
    starts.append("s", "line\n");
    let first = starts.not_before("s");
    advance(SECOND).await;
    assert!(starts.not_before("s") > first);
}

#[tokio::test(start_paused = true)]
async fn a_lock_on_the_note_that_is_never_released_delays_no_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let starts = || Claims::new(Some(directory.path().join("state")));
    let (one, other) = (starts(), starts());
    let first = one.not_before("s");
    let held = private_file::open(&one.note("s").expect("a path")).expect("a file");
    held.lock().expect("its lock");
    let began = Instant::now();
    for _ in 0..100 {
        other.append("s", "line\n");
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    advance(SECOND).await;
    assert!(one.not_before("s") > first, "they are noted all the same");
}
