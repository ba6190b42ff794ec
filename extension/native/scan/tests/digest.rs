//! Digests of files that change, lie, or are not files.
#![cfg(unix)]

mod support;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use scan::{Algorithms, Class, Code, HEAD_LENGTH, Item, Roots, digest, read, stat};
use support::{TempDir, code, digest_all, digest_one, fifo, plan, reference, request, sha256, walk};

#[test]
fn results_come_in_the_items_order_with_head_and_identity() {
    let dir = TempDir::new();
    let sizes = [0usize, 1, 15, 16, 17, 4096, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, (8 << 20) + 3];
    let contents: Vec<Vec<u8>> = sizes.iter().map(|size| (0..*size).map(|i| (i * 7 % 251) as u8).collect()).collect();
    let names: Vec<String> = sizes.iter().map(usize::to_string).collect();
    for (name, content) in names.iter().zip(&contents) {
        dir.write(name, content);
    }
    let paths: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    for (content, result) in contents.iter().zip(digest_all(&request(dir.bytes(), &paths))) {
        let file = result.unwrap();
        assert_eq!(file.digests.sha256, sha256(content));
        assert_eq!(file.head[..file.head_length], content[..content.len().min(HEAD_LENGTH)]);
        assert_eq!((file.identity.size, file.bytes_read), (content.len() as u64, content.len() as u64));
        assert!(file.digests.sha1.is_none() && file.digests.md5.is_none());
    }
}

#[test]
fn classes_decide_by_the_head_what_is_computed() {
    let dir = TempDir::new();
    dir.write("pe", b"MZ and more than a head of bytes");
    dir.write("text", b"text and more than a head of bytes");
    let mut wanted = request(dir.bytes(), &[b"pe", b"text"]);
    wanted.classes = vec![
        Class { magics: Some(vec!["7f454c46".into(), "4d5a".into()]), algorithms: Algorithms::MD5 },
        Class { magics: Some(vec!["4d".into()]), algorithms: Algorithms::SHA1 },
    ];
    wanted.items.iter_mut().for_each(|item| item.classes = vec![0, 1]);
    let results = digest_all(&wanted);
    let (pe, text) = (results[0].as_ref().unwrap(), results[1].as_ref().unwrap());
    assert!(pe.digests.md5.is_some() && pe.digests.sha1.is_some() && pe.digests.sha256.is_none());
    assert_eq!((text.digests, text.bytes_read, &text.head), (Default::default(), 16, b"text and more th"));
}

#[test]
fn what_is_no_regular_file_never_blocks_and_never_follows() {
    let dir = TempDir::new();
    dir.write("d/x", b"");
    fifo(&dir.0.join("pipe"));
    symlink("d/x", dir.0.join("link")).unwrap();
    symlink("d", dir.0.join("way")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.0.join("socket")).unwrap();
    let cases: [(&[u8], Code); 9] = [
        (b"pipe", Code::NotRegular),
        (b"socket", Code::NotRegular),
        (b"d", Code::NotRegular),
        (b"link", Code::Symlink),
        (b"way/x", Code::Symlink),
        (b"absent", Code::Vanished),
        (b"d/x/y", Code::Vanished),
        (b"../etc/passwd", Code::Io),
        (b"/etc/passwd", Code::Io),
    ];
    let roots = Roots::open(&[dir.bytes()]).unwrap();
    for (path, want) in cases {
        let shown = String::from_utf8_lossy(path);
        assert_eq!(code(&digest_one(dir.bytes(), path)), Some(want), "digest of {shown}");
        assert_eq!(stat(&roots, 0, path).unwrap_err().code, want, "stat of {shown}");
        assert_eq!(read(&roots, 0, path, 0, 1).unwrap_err().code, want, "read of {shown}");
    }
}

/// Neighbours are opened by their names alone, which must change nothing about what is refused.
#[test]
fn neighbours_in_one_directory_are_refused_as_each_of_them_alone() {
    let dir = TempDir::new();
    let names = ["a", "b", "c", "d"].map(|name| format!("deep/er/{name}"));
    names.iter().for_each(|name| drop(dir.write(name, name.as_bytes())));
    dir.write("deep/er/inner/file", b"");
    fifo(&dir.0.join("deep/er/pipe"));
    symlink("a", dir.0.join("deep/er/link")).unwrap();
    symlink("deep", dir.0.join("way")).unwrap();
    let odd =
        ["deep/er/pipe", "deep/er/link", "deep/er/absent", "deep/er/inner", "deep/er/..", "deep/er/", "deep/er/a/b"];
    let outside = ["way/er/a", "way/er/b", "way/er/c", "no/er/a", "no/er/b", "no/er/c"];
    let mut paths: Vec<&[u8]> = Vec::new();
    for one in odd.into_iter().chain(outside) {
        paths.extend(names.iter().map(|name| name.as_bytes()).chain([one.as_bytes(), one.as_bytes()]));
    }
    for threads in [1, 2] {
        let mut wanted = request(dir.bytes(), &paths);
        wanted.threads = threads;
        for (path, result) in paths.iter().zip(digest_all(&wanted)) {
            let shown = String::from_utf8_lossy(path);
            assert_eq!(code(&result), code(&digest_one(dir.bytes(), path)), "{shown}");
            if names.iter().any(|name| name.as_bytes() == *path) {
                assert_eq!(result.unwrap().digests.sha256, sha256(path), "{shown}");
            }
        }
    }
}

/// Lanes of all three digests, sizes that end everywhere, and neighbours that cannot be digested.
#[test]
fn every_digest_of_many_files_is_that_of_the_file_alone() {
    let dir = TempDir::new();
    let sizes = (0..60usize).map(|at| [at * 7, at * 4096 + at, (64 << 10) - 30 + at, 1 << 20][at % 4]);
    let contents: Vec<Vec<u8>> =
        sizes.enumerate().map(|(seed, size)| (0..size).map(|i| (i * 7 % 251 + seed) as u8).collect()).collect();
    let names: Vec<String> = (0..contents.len()).map(|at| at.to_string()).collect();
    for (name, content) in names.iter().zip(&contents) {
        dir.write(name, content);
    }
    let mut paths: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    paths.insert(30, b"absent");
    let mut wanted = request(dir.bytes(), &paths);
    for bits in [1, 2, 4, 7] {
        wanted.classes = vec![Class { magics: None, algorithms: Algorithms::from_bits(bits) }];
        for threads in [1, 3] {
            wanted.threads = threads;
            let mut results = digest_all(&wanted);
            assert_eq!(code(&results.remove(30)), Some(Code::Vanished));
            for (content, result) in contents.iter().zip(results) {
                let digests = result.unwrap().digests;
                assert_eq!(digests.sha256.is_some(), bits & 1 != 0);
                assert_eq!(digests, reference(content, bits), "{} bytes, digests {bits}", content.len());
            }
        }
    }
}

#[test]
fn no_file_is_left_behind_by_workers_that_take_from_each_other() {
    let dir = TempDir::new();
    let names: Vec<String> = (0..160).map(|at| at.to_string()).collect();
    for name in &names {
        dir.write(name, name.as_bytes());
    }
    let paths: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    let mut wanted = request(dir.bytes(), &paths);
    // More workers than processors, so that they are interrupted at every place.
    wanted.threads = 8;
    for round in 0..400 {
        for (name, result) in names.iter().zip(digest_all(&wanted)) {
            let digests = result.unwrap_or_else(|failure| panic!("round {round}, {name}: {}", failure.message)).digests;
            assert_eq!(digests.sha256, sha256(name.as_bytes()), "round {round}, {name}");
        }
    }
}

#[test]
fn a_file_replaced_after_the_walk_is_found_out() {
    let dir = TempDir::new();
    for name in ["same", "rewritten", "replaced", "linked", "piped", "d/moved"] {
        dir.write(name, b"before");
    }
    dir.write("elsewhere/moved", b"before");
    let walked = walk(plan(dir.bytes(), &["**"])).unwrap();
    let path = |name: &str| dir.0.join(name);
    std::fs::write(path("rewritten"), b"after!").unwrap();
    std::fs::write(path("new"), b"before").unwrap();
    std::fs::rename(path("new"), path("replaced")).unwrap();
    for name in ["linked", "piped"] {
        std::fs::remove_file(path(name)).unwrap();
    }
    symlink("same", path("linked")).unwrap();
    fifo(&path("piped"));
    std::fs::rename(path("d"), path("gone")).unwrap();
    symlink("elsewhere", path("d")).unwrap();
    let outcome = |name: &str| {
        let identity = walked.identities.iter().find(|(path, _)| path == name).unwrap().1;
        let mut wanted = request(dir.bytes(), &[name.as_bytes()]);
        wanted.items[0].expected = Some(identity);
        code(&digest_all(&wanted)[0])
    };
    assert_eq!(outcome("same"), None);
    assert_eq!(outcome("rewritten"), Some(Code::Changed));
    assert_eq!(outcome("replaced"), Some(Code::Changed));
    assert_eq!(outcome("linked"), Some(Code::Symlink));
    assert_eq!(outcome("piped"), Some(Code::NotRegular));
    assert_eq!(outcome("d/moved"), Some(Code::Symlink));
}

/// Whatever the moment of the change: a digest of what the file was when it was opened, or none.
#[test]
fn a_file_that_shrinks_or_grows_never_gets_a_wrong_digest() {
    let dir = TempDir::new();
    let size = 12 << 20;
    let path = dir.write("x", &vec![0; size]);
    for round in 0..12u64 {
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        file.set_len(size as u64).unwrap();
        let result = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_micros(round * 300));
                if round % 2 == 0 { file.set_len(1000).unwrap() } else { (&file).write_all(&[0; 5000]).unwrap() }
            });
            digest_one(dir.bytes(), b"x")
        });
        match result {
            Ok(file) => assert_eq!(file.digests.sha256, sha256(&vec![0; file.identity.size as usize])),
            Err(failure) => assert_eq!(failure.code, Code::Changed),
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_says_it_is_empty_and_is_not_gets_no_digest() {
    assert_eq!(code(&digest_one(b"/proc".to_vec(), b"version")), Some(Code::Changed));
}

#[test]
fn giants_are_bounded_by_size_and_by_time() {
    let dir = TempDir::new();
    let file = std::fs::File::create(dir.0.join("sparse")).unwrap();
    file.set_len(1 << 38).unwrap();
    let mut wanted = request(dir.bytes(), &[b"sparse"]);
    wanted.max_file_bytes = (1 << 38) - 1;
    assert_eq!(code(&digest_all(&wanted)[0]), Some(Code::TooBig));
    wanted.max_file_bytes = 1 << 38;
    wanted.file_timeout = Duration::from_millis(50);
    assert_eq!(code(&digest_all(&wanted)[0]), Some(Code::Timeout));
}

#[test]
fn a_cancelled_digest_ends_in_the_middle_of_a_file() {
    let dir = TempDir::new();
    std::fs::File::create(dir.0.join("sparse")).unwrap().set_len(1 << 38).unwrap();
    let cancelled = AtomicBool::new(false);
    let wanted = request(dir.bytes(), &[b"sparse"]);
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(20));
            cancelled.store(true, Ordering::Relaxed);
        });
        digest(wanted, &cancelled)
    });
    assert!(result.unwrap().is_none());
}

#[test]
fn pieces_are_read_where_they_are_and_no_further_than_the_end() {
    let dir = TempDir::new();
    let name = std::ffi::OsStr::from_bytes(b"bad\xff");
    std::fs::write(dir.0.join(name), b"abcdefghij").unwrap();
    let roots = Roots::open(&[dir.bytes()]).unwrap();
    let piece = |offset, length| read(&roots, 0, b"bad\xff", offset, length).unwrap();
    assert_eq!(piece(0, 3), b"abc");
    assert_eq!(piece(8, 100), b"ij");
    assert_eq!(piece(100, 5), b"");
    assert_eq!(piece(u64::MAX / 4, 5), b"");
    assert_eq!(stat(&roots, 0, b"bad\xff").unwrap().identity.size, 10);
}

#[test]
fn an_item_of_no_known_root_or_class_is_its_own_failure() {
    let dir = TempDir::new();
    dir.write("x", b"x");
    let mut wanted = request(dir.bytes(), &[b"x", b"x"]);
    wanted.items[0] = Item { root: 7, ..wanted.items[0].clone() };
    wanted.items[1].classes = vec![9];
    let results = digest_all(&wanted);
    assert_eq!(code(&results[0]), Some(Code::Io));
    assert_eq!(results[1].as_ref().unwrap().bytes_read, 1);
}
