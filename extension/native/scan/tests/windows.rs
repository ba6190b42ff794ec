//! Walks, digests and single files on Windows: what its names, paths, handles and links make different.
#![cfg(windows)]

mod support;

use std::os::windows::ffi::OsStringExt;
use std::os::windows::fs::{OpenOptionsExt, symlink_dir, symlink_file};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use scan::{Code, Opened, Pace, Roots, SearchItem, SearchRequest, digest, read, search, stat};
use support::{TempDir, bytes, code, digest_all, digest_one, plan, pull, request, sha256, start, walk};

/// The directory as people write it, without the prefix of its canonical form.
fn plain(dir: &TempDir) -> Vec<u8> {
    dir.bytes().strip_prefix(br"\\?\").map_or_else(|| dir.bytes(), <[u8]>::to_vec)
}

#[test]
fn files_are_walked_digested_and_read_with_one_identity() {
    let dir = TempDir::new();
    let sizes = [("a.txt", 0), ("Übung/ffmpeg.dll", 17), ("d/e/f.bin", (256 << 10) + 1), ("d/big", (8 << 20) + 3)];
    for (name, size) in sizes {
        dir.write(name, &content(size));
    }
    for root in [dir.bytes(), plain(&dir)] {
        let walked = walk(plan(root.clone(), &["**"])).unwrap();
        assert_eq!(walked.paths(), ["a.txt", "d/big", "d/e/f.bin", "Übung/ffmpeg.dll"]);
        assert_eq!((walked.codes(), walked.progress.directories), (vec![], 4));
        let roots = Roots::open(std::slice::from_ref(&root)).unwrap();
        for (name, size) in sizes {
            let identity = walked.identities.iter().find(|(path, _)| path == name).unwrap().1;
            assert!(identity.ino != 0 && identity.size == size as u64 && identity.mtime_ns > 0, "{identity:?}");
            let mut wanted = request(root.clone(), &[name.as_bytes()]);
            wanted.items[0].expected = Some(identity);
            assert_eq!(digest_all(&wanted)[0].as_ref().unwrap().digests.sha256, sha256(&content(size)), "{name}");
            let meta = stat(&roots, 0, name.as_bytes()).unwrap();
            assert_eq!((meta.identity, meta.mode, meta.nlink), (identity, 0o100_666, 1));
            assert!(meta.btime_ns > 0 && meta.atime_ns > 0);
            let cancelled = AtomicBool::new(false);
            let opened = Opened::open(&roots, 0, name.as_bytes(), Duration::MAX, None, &cancelled).unwrap();
            assert_eq!(opened.identity(), identity);
            opened.verify().unwrap();
        }
        assert_eq!(read(&roots, 0, b"d/e/f.bin", 3, 4).unwrap(), content(7)[3..]);
        assert_eq!(read(&roots, 0, b"d/e/f.bin", 256 << 10, 100).unwrap().len(), 1);
        assert_eq!(read(&roots, 0, b"d/e/f.bin", 1 << 40, 100).unwrap(), b"");
    }
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn paths_longer_than_the_system_takes_by_default_are_read() {
    let dir = TempDir::new();
    let deep = vec!["a-directory-with-a-long-name"; 20].join("/");
    // The canonical form takes only its own separator.
    dir.write(&deep.replace('/', "\\"), b"deep");
    let walked = walk(plan(plain(&dir), &["**"])).unwrap();
    assert_eq!(walked.paths(), [deep.as_str()]);
    assert!(deep.len() > 500);
    assert_eq!(digest_one(plain(&dir), deep.as_bytes()).unwrap().digests.sha256, sha256(b"deep"));
}

#[test]
fn names_that_are_no_valid_utf_16_come_back_as_they_are() {
    let dir = TempDir::new();
    let name = std::ffi::OsString::from_wide(&[0x78, 0xd800, 0x79]);
    if std::fs::write(dir.0.join(&name), b"odd").is_err() {
        return; // emulations keep names as UTF-8
    }
    let walked = walk(plan(dir.bytes(), &["**"])).unwrap();
    assert_eq!(walked.paths(), [r"x\xed\xa0\x80y"]);
    assert_eq!(digest_one(dir.bytes(), b"x\xed\xa0\x80y").unwrap().digests.sha256, sha256(b"odd"));
}

#[test]
fn case_is_ignored_where_the_system_ignores_it() {
    let dir = TempDir::new();
    dir.write("Windows\\System32\\d3dcompiler_47.DLL", b"x");
    assert!(digest_one(dir.bytes(), b"windows/system32/D3DCompiler_47.dll").is_ok());
}

#[test]
fn nothing_but_a_regular_file_below_the_root_is_opened() {
    let dir = TempDir::new();
    dir.write("d\\x", b"x");
    let outside = TempDir::new();
    outside.write("secret", b"x");
    let cases: [(&[u8], Code); 14] = [
        (b"d", Code::NotRegular),
        (b"absent", Code::Vanished),
        (b"absent/x", Code::Vanished),
        (b"d/x/y", Code::Vanished),
        (b"../secret", Code::Io),
        (b"d/../d/x", Code::Io),
        (b"d/./x", Code::Io),
        (b"/d/x", Code::Io),
        (b"d\\x", Code::Io),
        (b"d\\..\\..\\secret", Code::Io),
        (b"d/x:stream", Code::Io),
        (b"d/x::$DATA", Code::Io),
        (b"C:/Windows/win.ini", Code::Io),
        (b"bad\xff", Code::Vanished),
    ];
    let roots = Roots::open(&[dir.bytes()]).unwrap();
    for (path, want) in cases {
        let shown = String::from_utf8_lossy(path);
        assert_eq!(code(&digest_one(dir.bytes(), path)), Some(want), "digest of {shown}");
        assert_eq!(stat(&roots, 0, path).unwrap_err().code, want, "stat of {shown}");
        assert_eq!(read(&roots, 0, path, 0, 1).unwrap_err().code, want, "read of {shown}");
    }
}

#[test]
fn links_and_junctions_are_never_followed() {
    let dir = TempDir::new();
    let target = TempDir::new();
    target.write("x", b"x");
    dir.write("real", b"x");
    let made = symlink_dir(&target.0, dir.0.join("way")).and_then(|()| symlink_file("real", dir.0.join("link")));
    if made.and_then(|()| dir.0.join("link").symlink_metadata()).is_err() {
        return; // it takes a right, and a system that does as it says
    }
    for path in [&b"way/x"[..], b"link"] {
        assert_eq!(code(&digest_one(dir.bytes(), path)), Some(Code::Symlink));
    }
    let walked = walk(plan(dir.bytes(), &["**"])).unwrap();
    assert_eq!(walked.paths(), ["real"]);
    assert_eq!(walked.codes(), [("link", Code::Symlink), ("way", Code::Symlink)]);
    assert_eq!(walk(plan(bytes(&dir.0.join("way")), &["**"])).err().unwrap().code, Code::Symlink);
}

#[test]
fn a_file_replaced_after_the_walk_is_found_out() {
    let dir = TempDir::new();
    for name in ["same", "rewritten", "replaced"] {
        dir.write(name, b"before");
    }
    let walked = walk(plan(dir.bytes(), &["**"])).unwrap();
    std::fs::write(dir.0.join("rewritten"), b"after it").unwrap();
    dir.write("new", b"before");
    std::fs::rename(dir.0.join("new"), dir.0.join("replaced")).unwrap();
    let outcome = |name: &str| {
        let mut wanted = request(dir.bytes(), &[name.as_bytes()]);
        wanted.items[0].expected = walked.identities.iter().find(|(path, _)| path == name).map(|found| found.1);
        code(&digest_all(&wanted)[0])
    };
    assert_eq!(outcome("same"), None);
    assert_eq!(outcome("rewritten"), Some(Code::Changed));
    assert_eq!(outcome("replaced"), Some(Code::Changed));
}

#[test]
fn a_file_in_use_is_read_unless_its_user_forbids_it() {
    let dir = TempDir::new();
    let path = dir.write("log", b"growing");
    let writer = std::fs::OpenOptions::new().write(true).share_mode(7).open(&path).unwrap();
    assert!(digest_one(dir.bytes(), b"log").is_ok());
    drop(writer);
    let _alone = std::fs::OpenOptions::new().write(true).share_mode(0).open(&path).unwrap();
    assert_eq!(code(&digest_one(dir.bytes(), b"log")), Some(Code::Io));
    let roots = Roots::open(&[dir.bytes()]).unwrap();
    assert_eq!(stat(&roots, 0, b"log").unwrap().identity.size, 7);
}

#[test]
fn strings_are_found_across_the_borders_of_blocks() {
    let dir = TempDir::new();
    let mut content = vec![0; (256 << 10) - 3];
    content.extend_from_slice(b"needle");
    dir.write("x", &content);
    let wanted = SearchRequest {
        roots: vec![dir.bytes()],
        items: vec![SearchItem { path: b"x".to_vec(), ..SearchItem::default() }],
        patterns: vec![b"absent".to_vec(), b"needle".to_vec()],
        max_file_bytes: 1 << 30,
        file_timeout: Duration::from_secs(60),
        threads: 2,
        pace: None,
    };
    let found = search(wanted, &AtomicBool::new(false)).unwrap().unwrap();
    assert_eq!(found, [Ok(vec![1])]);
}

#[test]
fn an_unusable_root_fails_the_request_with_its_path() {
    let dir = TempDir::new();
    let absent = bytes(&dir.0.join("absent"));
    for (root, want) in [(absent, Code::Vanished), (b"relative".to_vec(), Code::Io), (br"\\.\NUL".to_vec(), Code::Io)] {
        let failure = walk(plan(root, &["**"])).err().unwrap();
        assert_eq!(failure.code, want);
        assert!(failure.message.starts_with("cannot open the root"), "{}", failure.message);
    }
    let file = dir.write("x", b"abc");
    let walked = walk(plan(bytes(&file), &["**", "x"])).unwrap();
    assert_eq!(walked.entries, [(String::new(), vec![0])]);
    assert_eq!(digest_one(bytes(&file), b"").unwrap().digests.sha256, sha256(b"abc"));
}

#[test]
fn a_drive_is_walked_down_to_what_a_rule_names() {
    let windows = PathBuf::from(std::env::var_os("SystemRoot").unwrap());
    let root = format!("{}\\", windows.components().next().unwrap().as_os_str().to_str().unwrap());
    let rule = format!("{}/system32/ntdll.dll", windows.file_name().unwrap().to_str().unwrap().to_lowercase());
    let walked = walk(scan::Plan { ignore_case: true, ..plan(root.into_bytes(), &[&rule]) }).unwrap();
    assert_eq!(walked.entries.len(), 1, "{:?}", walked.errors);
    assert!(walked.progress.directories <= 3);
}

#[test]
fn limits_skips_and_a_pace_hold() {
    let dir = TempDir::new();
    for i in 0..40 {
        dir.write(&format!("{}\\{i}", i % 4), b"");
    }
    let all = plan(dir.bytes(), &["**"]);
    let walked = walk(scan::Plan { max_entries: 20, ..all.clone() }).unwrap();
    assert_eq!((walked.progress.entries, walked.progress.truncated), (20, true));
    let walked = walk(scan::Plan { skip: vec![bytes(&dir.0.join("0"))], ..all.clone() }).unwrap();
    assert_eq!((walked.entries.len(), walked.codes()), (30, vec![("0", Code::Skipped)]));
    let walked =
        walk(scan::Plan { pace: Some(Pace { is_idle: true, cpu_share: 0.5, bytes_per_second: None }), ..all }).unwrap();
    assert_eq!(walked.entries.len(), 40);
}

#[test]
fn a_directory_of_many_names_is_listed_whole_and_a_walk_of_it_can_be_cancelled() {
    let dir = TempDir::new();
    let count = 3000;
    for i in 0..count {
        std::fs::write(dir.0.join(format!("a-name-that-fills-the-buffer-{i}")), b"").unwrap();
    }
    let walked = walk(plan(dir.bytes(), &["**"])).unwrap();
    assert_eq!((walked.entries.len(), walked.progress.entries), (count, count as u64));
    let walk = start(plan(dir.bytes(), &["**"]));
    assert!(pull(&walk).is_some());
    walk.cancel();
    assert!(pull(&walk).is_none());
}

#[test]
fn a_cancelled_digest_ends_in_the_middle_of_a_file() {
    let dir = TempDir::new();
    std::fs::File::create(dir.0.join("big")).unwrap().set_len(4 << 30).unwrap();
    let cancelled = AtomicBool::new(false);
    let wanted = request(dir.bytes(), &[b"big"]);
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(20));
            cancelled.store(true, Ordering::Relaxed);
        });
        digest(wanted, &cancelled)
    });
    assert!(result.unwrap().is_none());
}
