//! What a paced request does to its threads, and that its answers are the same.
#![cfg(unix)]

mod support;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use scan::{Code, Pace, Request, digest};
use support::{TempDir, plan, request, walk};

const GENTLE: Option<Pace> = Some(Pace { is_idle: true, cpu_share: 0.5, bytes_per_second: None });

#[test]
fn a_paced_walk_finds_what_another_finds() {
    let dir = TempDir::new();
    for at in 0..300 {
        dir.write(&format!("d{}/{at}", at % 30), b"x");
    }
    let plain = plan(dir.bytes(), &["**"]);
    let paced = scan::Plan { pace: GENTLE, ..plain.clone() };
    assert_eq!(walk(paced).unwrap().progress, walk(plain).unwrap().progress);
}

#[test]
fn rest_does_not_count_towards_the_time_of_a_file() {
    let dir = TempDir::new();
    dir.write("large", &vec![7; 4 << 20]);
    let plain = request(dir.bytes(), &[b"large"]);
    // Without optimisation, which is how tests are built, 0.1 s of work and more than 2 s with the rest.
    let pace = Some(Pace { is_idle: true, cpu_share: 0.05, bytes_per_second: None });
    let paced = Request { pace, file_timeout: Duration::from_secs(1), ..plain.clone() };
    let going_on = AtomicBool::new(false);
    let [expected, found] = [plain, paced].map(|request| digest(request, &going_on).unwrap().unwrap());
    assert_eq!(found[0].as_ref().unwrap().digests, expected[0].as_ref().unwrap().digests);
}

#[test]
fn a_paced_digest_still_gives_a_file_up() {
    let dir = TempDir::new();
    dir.write("large", &[7; 100_000]);
    let hasty = Request { pace: GENTLE, file_timeout: Duration::ZERO, ..request(dir.bytes(), &[b"large"]) };
    let found = digest(hasty, &AtomicBool::new(false)).unwrap().unwrap();
    assert_eq!(found[0].as_ref().unwrap_err().code, Code::Timeout);
}
