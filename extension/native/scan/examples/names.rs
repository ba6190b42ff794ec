//! Walks a directory and judges every name, for the benchmark: what the crate does without Node around it.
//!
//! `names DIRECTORY THREADS [RULES]`, where the third is a file of lines `MIN MAX PATTERN`, sizes in bytes; without it
//! nothing is sought, but every directory is entered. Prints how many regular files there were, as
//! `test/bench/rescan/walk-stat.c` does, and how many of them were selected.
use std::sync::mpsc::sync_channel;

use scan::{Plan, Policy, Rule, Walk};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (root, threads, rules) = match arguments.as_slice() {
        [root, threads] => (root, threads, Vec::new()),
        [root, threads, rules] => (root, threads, std::fs::read_to_string(rules)?.lines().map(rule).collect()),
        _ => usage(),
    };
    // A name that no file has: the walk would not enter a directory in which nothing can be found.
    let nothing = Rule { pattern: "**/ /x".to_owned(), min_size: 0, max_size: u64::MAX };
    let plan = Plan {
        roots: vec![std::fs::canonicalize(root)?.into_os_string().into_encoded_bytes()],
        rules: if rules.is_empty() { vec![nothing] } else { rules },
        ignore_case: true,
        skip: Vec::new(),
        mounts: Policy::Same,
        max_depth: 1000,
        max_entries: u64::MAX,
        threads: threads.parse().unwrap_or_else(|_| usage()),
        pace: None,
        settled: None,
    };
    let walk = Walk::start(plan, |batch| batch).unwrap_or_else(|failure| fail(&failure.message));
    let mut files = 0;
    let mut selected = 0;
    loop {
        let (sender, receiver) = sync_channel(1);
        walk.next(move |batch| sender.send(batch).unwrap_or_default());
        match receiver.recv().unwrap_or_default() {
            Some(Ok(batch)) => {
                if let Some((_, path, message)) = batch.iter_errors().next() {
                    fail(&format!("{path}: {message}"));
                }
                files = batch.progress.files;
                selected = batch.progress.selected;
            }
            Some(Err(failure)) => fail(&failure.message),
            None => break,
        }
    }
    println!("{files} {selected}");
    Ok(())
}

fn rule(line: &str) -> Rule {
    let mut fields = line.splitn(3, ' ');
    let mut number = || fields.next().and_then(|field| field.parse().ok()).unwrap_or_else(|| usage());
    let (min_size, max_size) = (number(), number());
    let pattern = fields.next().unwrap_or_else(|| usage()).to_owned();
    Rule { pattern, min_size, max_size }
}

fn usage() -> ! {
    eprintln!("usage: names DIRECTORY THREADS [RULES]");
    std::process::exit(2)
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}
