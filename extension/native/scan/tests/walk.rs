//! Walks over hostile and ordinary trees.
#![cfg(unix)]

mod support;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::fs::{Mode, OFlags};
use scan::{Code, Policy};
use support::{TempDir, bytes, digest_one, fifo, plan, pull, sha256, start, walk};

#[test]
fn only_selected_names_are_reported_and_everything_is_counted() {
    let dir = TempDir::new();
    dir.write("a/ffmpeg.dll", b"1");
    dir.write("a/b/other.dll", b"22");
    dir.write("top.txt", b"");
    let walked = walk(plan(dir.bytes(), &["**/ffmpeg.dll", "a/**"])).unwrap();
    assert_eq!(walked.entries, [("a/b/other.dll".into(), vec![1]), ("a/ffmpeg.dll".into(), vec![0, 1])]);
    let progress = walked.progress;
    assert_eq!([progress.directories, progress.entries, progress.files, progress.selected], [3, 5, 3, 2]);
}

#[test]
fn sizes_are_ruled_on_for_each_rule() {
    let dir = TempDir::new();
    dir.write("x", b"12345");
    let mut sized = plan(dir.bytes(), &["x", "x", "x"]);
    sized.rules[0].min_size = 6;
    sized.rules[1].max_size = 5;
    sized.rules[2].max_size = 4;
    assert_eq!(walk(sized).unwrap().entries, [("x".into(), vec![1])]);
}

#[test]
fn links_are_never_followed_and_only_reported_where_a_rule_names_them() {
    let dir = TempDir::new();
    dir.write("real/x.dll", b"");
    symlink(".", dir.0.join("loop")).unwrap();
    symlink("real/x.dll", dir.0.join("x.dll")).unwrap();
    symlink("/etc", dir.0.join("real/etc")).unwrap();
    let walked = walk(plan(dir.bytes(), &["**/*.dll"])).unwrap();
    assert_eq!(walked.paths(), ["real/x.dll"]);
    assert_eq!(walked.codes(), [("x.dll", Code::Symlink)]);
}

#[test]
fn a_link_in_place_of_a_directory_that_a_rule_spells_out_is_reported() {
    let dir = TempDir::new();
    dir.write("private/var/log/x", b"");
    symlink("private/var", dir.0.join("var")).unwrap();
    symlink("private/var", dir.0.join("other")).unwrap();
    let walked = walk(plan(dir.bytes(), &["var/log/x", "*/y/x", "**/other/x"])).unwrap();
    assert_eq!((walked.paths(), walked.codes()), (vec![], vec![("var", Code::Symlink)]));
}

#[test]
fn what_is_no_regular_file_is_reported_where_a_rule_names_it() {
    let dir = TempDir::new();
    fifo(&dir.0.join("pipe.dll"));
    fifo(&dir.0.join("pipe"));
    std::fs::create_dir(dir.0.join("directory.dll")).unwrap();
    let walked = walk(plan(dir.bytes(), &["**/*.dll"])).unwrap();
    assert_eq!(walked.codes(), [("pipe.dll", Code::NotRegular)]);
}

#[test]
fn names_that_are_no_text_are_shown_escaped() {
    let dir = TempDir::new();
    let name = std::ffi::OsStr::from_bytes(b"bad\xff\xfe.dll");
    std::fs::write(dir.0.join(name), b"").unwrap();
    dir.write(r"esc\x41.dll", b"");
    let walked = walk(plan(dir.bytes(), &["**/*.dll", r"bad\xff*", r"esc\x5cx41.dll"])).unwrap();
    assert_eq!(walked.entries, [(r"bad\xff\xfe.dll".into(), vec![0, 1]), (r"esc\x5cx41.dll".into(), vec![0, 2])]);
}

#[test]
fn paths_longer_than_any_call_takes_are_walked_and_digested() {
    let dir = TempDir::new();
    let mut at = rustix::fs::open(&dir.0, OFlags::DIRECTORY, Mode::empty()).unwrap();
    let name = "d".repeat(203);
    for _ in 0..30 {
        rustix::fs::mkdirat(&at, &*name, Mode::RWXU).unwrap();
        at = rustix::fs::openat(&at, &*name, OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
    let file = rustix::fs::openat(&at, "hidden.dll", OFlags::CREATE | OFlags::WRONLY, Mode::RUSR).unwrap();
    rustix::io::write(&file, b"deep").unwrap();
    let walked = walk(plan(dir.bytes(), &["**/hidden.dll"])).unwrap();
    let [path] = walked.paths()[..] else { panic!("the file is found once") };
    assert_eq!(path.len(), 30 * 204 + 10);
    assert_eq!(digest_one(dir.bytes(), path.as_bytes()).unwrap().digests.sha256, sha256(b"deep"));
}

/// More directories wait for their parents' descriptors than are ever kept.
#[test]
fn deep_and_branching_trees_need_few_descriptors() {
    let dir = TempDir::new();
    let mut at = rustix::fs::open(&dir.0, OFlags::DIRECTORY, Mode::empty()).unwrap();
    for _ in 0..600 {
        for name in ["a", "b", "c"] {
            rustix::fs::mkdirat(&at, name, Mode::RWXU).unwrap();
        }
        at = rustix::fs::openat(&at, "b", OFlags::DIRECTORY, Mode::empty()).unwrap();
    }
    let walked = walk(plan(dir.bytes(), &["**/x"])).unwrap();
    assert_eq!(walked.progress.directories, 1801);
    assert_eq!(walked.codes(), []);
}

#[test]
fn limits_cut_the_walk_and_say_so() {
    let dir = TempDir::new();
    for i in 0..40 {
        dir.write(&format!("{}/{i}", i % 4), b"");
    }
    dir.write("0/deep/deeper/x", b"");
    let shallow = plan(dir.bytes(), &["**"]);
    let walked = walk(scan::Plan { max_depth: 1, ..shallow.clone() }).unwrap();
    assert_eq!((walked.codes(), walked.progress.truncated), (vec![("0/deep", Code::TooDeep)], true));
    for max_entries in [0, 1, 20, 44, 46] {
        let walked = walk(scan::Plan { max_entries, ..shallow.clone() }).unwrap();
        assert_eq!((walked.progress.entries, walked.progress.truncated), (max_entries, true));
        assert_eq!(walked.errors.len(), 1);
        assert_eq!(walked.errors[0].1, Code::TooMany);
    }
    let walked = walk(scan::Plan { max_entries: 47, ..shallow }).unwrap();
    assert_eq!((walked.progress.entries, walked.progress.truncated), (47, false));
}

#[test]
fn skipped_directories_are_reported_once_and_not_entered() {
    let dir = TempDir::new();
    dir.write("keep/x", b"");
    dir.write("skip/x", b"");
    let skip = vec![bytes(&dir.0.join("skip")), bytes(&dir.0.join("absent"))];
    let walked = walk(scan::Plan { skip, ..plan(dir.bytes(), &["**"]) }).unwrap();
    assert_eq!(walked.paths(), ["keep/x"]);
    assert_eq!(walked.codes(), [("skip", Code::Skipped)]);
}

#[test]
fn unreadable_directories_are_reported_and_the_others_walked() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let dir = TempDir::new();
    dir.write("locked/x", b"");
    dir.write("open/x", b"");
    std::fs::set_permissions(dir.0.join("locked"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let walked = walk(plan(dir.bytes(), &["**/x"])).unwrap();
    std::fs::set_permissions(dir.0.join("locked"), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(walked.paths(), ["open/x"]);
    assert_eq!(walked.codes(), [("locked", Code::Denied)]);
}

#[test]
fn errors_are_bounded_and_the_rest_is_counted() {
    let dir = TempDir::new();
    for i in 0..10_050 {
        symlink("nowhere", dir.0.join(i.to_string())).unwrap();
    }
    let walked = walk(plan(dir.bytes(), &["**"])).unwrap();
    assert_eq!(walked.errors.len(), 10_001);
    assert!(walked.errors.iter().any(|(_, code, message)| *code == Code::Io && message.starts_with("50 more places")));
}

#[test]
fn a_root_that_is_a_file_is_one_entry() {
    let dir = TempDir::new();
    let file = dir.write("x", b"abc");
    let walked = walk(plan(bytes(&file), &["**", "x"])).unwrap();
    assert_eq!(walked.entries, [(String::new(), vec![0])]);
    assert_eq!(digest_one(bytes(&file), b"").unwrap().digests.sha256, sha256(b"abc"));
}

#[test]
fn an_unusable_root_fails_the_request_with_its_path() {
    let dir = TempDir::new();
    symlink("/etc", dir.0.join("link")).unwrap();
    for (name, code) in [("absent", Code::Vanished), ("link", Code::Symlink)] {
        let failure = walk(plan(bytes(&dir.0.join(name)), &["**"])).err().unwrap();
        assert_eq!(failure.code, code);
        assert!(failure.message.contains(name), "{}", failure.message);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn mount_points_are_crossed_as_the_policy_says() {
    for (mounts, is_crossed) in [(Policy::Same, false), (Policy::Local, false), (Policy::All, true)] {
        let walked = walk(scan::Plan { mounts, ..plan(b"/".to_vec(), &["proc/version"]) }).unwrap();
        assert_eq!(walked.paths() == ["proc/version"], is_crossed);
        assert_eq!(walked.codes() == [("proc", Code::OtherFilesystem)], !is_crossed);
    }
    let walked = walk(plan(b"/proc".to_vec(), &["version"])).unwrap();
    assert_eq!(walked.paths(), ["version"], "a root is entered whatever it is");
}

#[test]
fn a_cancelled_walk_ends_at_once_even_when_nobody_pulls() {
    let dir = TempDir::new();
    for i in 0..20_000 {
        std::fs::write(dir.0.join(i.to_string()), b"").unwrap();
    }
    let walk = start(plan(dir.bytes(), &["**"]));
    assert!(pull(&walk).is_some());
    walk.cancel();
    assert!(pull(&walk).is_none());
}
