//! Input made to hurt: each gets an answer, soon and without much memory.

use std::{cell::Cell, io};

use proptest::prelude::*;

use super::{
    Memory, findings, judge, load_files, load_text,
    scenarios::{APP, QUIET, with_scenario},
    shown,
};
use crate::{Code, Files, Found, Loaded, Style, load, render};

fn codes(loaded: &Loaded) -> Vec<Code> {
    assert_eq!(loaded.scenario.is_some(), loaded.diagnostics.iter().all(|d| !d.is_error()));
    // Rendering is part of the answer and must not hang or panic either.
    assert!(loaded.diagnostics.is_empty() || !shown(loaded).is_empty());
    let codes = loaded.diagnostics.iter().map(|diagnostic| diagnostic.code);
    let mut codes: Vec<Code> = codes.collect();
    codes.dedup();
    codes
}

#[test]
fn nesting_is_limited() {
    for text in ["[".repeat(200_000), "{a: ".repeat(200_000), "- ".repeat(200_000)] {
        assert_eq!(codes(&load_text(&text)), [Code::TooDeep]);
    }
    let indented: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(codes(&load_text(&indented)), [Code::TooDeep]);
}

#[test]
fn aliases_do_not_multiply() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        text += &format!("a{level}: &a{level} [{before}]\n");
    }
    assert_eq!(codes(&load_text(&text)), [Code::TooManyValues]);
    assert_eq!(codes(&load_text("a: &a [*a]\n")), [Code::Syntax]);
}

#[test]
fn values_are_counted_over_all_files() {
    let text = "- x\n".repeat(400_000);
    let files = [("a.yaml", text.as_str()), ("b.yaml", &text), ("c.yaml", &text)];
    let loaded = load_files(&["a.yaml", "b.yaml", "c.yaml"], &files);
    assert_eq!(codes(&loaded), [Code::NotAnObject, Code::TooManyValues]);
    let many = load_text(&"---\na: b\n".repeat(10_002));
    assert!(codes(&many).contains(&Code::TooManyErrors));
}

/// A file without an end, as `/dev/zero` is one.
struct Endless(Cell<usize>);

impl Files for Endless {
    fn look(&self, _: &str) -> io::Result<Found> {
        Ok(Found::File)
    }

    fn read(&self, _: &str, most: usize) -> io::Result<Vec<u8>> {
        self.0.set(most);
        Ok(vec![b'a'; most + 1])
    }
}

#[test]
fn large_files_are_not_read_to_their_end() {
    let endless = Endless(Cell::new(0));
    let loaded = load(&["big.yaml".to_owned()], &endless, &judge);
    assert_eq!(codes(&loaded), [Code::TooLarge]);
    assert_eq!(endless.0.get(), 16 << 20);
    let paths: Vec<String> = (0..6).map(|number| format!("{number}.yaml")).collect();
    let mut memory = Memory::default();
    for path in &paths {
        memory.0.insert(path.clone(), vec![b'#'; 15 << 20]);
    }
    assert_eq!(codes(&load(&paths, &memory, &judge)), [Code::TooLarge]);
}

#[test]
fn circles_of_folders_end() {
    /// Every folder holds two more.
    struct Circle;
    impl Files for Circle {
        fn look(&self, _: &str) -> io::Result<Found> {
            Ok(Found::Folder(vec!["a".to_owned(), "b".to_owned()]))
        }
        fn read(&self, _: &str, _: usize) -> io::Result<Vec<u8>> {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"))
        }
    }
    assert_eq!(codes(&load(&["x".to_owned()], &Circle, &judge)), [Code::NothingThere]);
}

#[test]
fn bytes_that_are_no_text_are_pointed_at() {
    let mut memory = Memory::default();
    memory.0.insert("a.yaml".to_owned(), b"kind: x\nname: \xff\xfe\nmore: y\n".to_vec());
    let loaded = load(&["a.yaml".to_owned()], &memory, &judge);
    assert_eq!(findings(&loaded), ["RS0003 2: file `a.yaml` is not UTF-8: byte 0xff at 14"]);
    assert_eq!(codes(&loaded), [Code::NotUtf8]);
    for bytes in [&b"\xff"[..], b"a: \xf0\x9f", b"\x00\x01", b"\xef\xbb\xbf"] {
        memory.0.insert("a.yaml".to_owned(), bytes.to_vec());
        codes(&load(&["a.yaml".to_owned()], &memory, &judge));
    }
}

#[test]
fn numbers_beyond_all_bounds_are_refused() {
    let replicas = |number: &str| {
        codes(&load_text(&APP.replace("replicas: 3", &format!("replicas: {number}"))))
    };
    assert_eq!(replicas("1208925819614629174706176")[0], Code::WrongType);
    assert_eq!(replicas("-1"), [Code::BadValue]);
    assert_eq!(replicas("2147483647"), [Code::TooManyPods]);
    assert_eq!(replicas(".nan")[0], Code::BadScalar);
    assert_eq!(replicas("1.5")[0], Code::WrongType);
    let many: String = (0..6)
        .map(|number| {
            format!(
                "{}---\n",
                APP.split("---")
                    .next()
                    .expect("a Deployment")
                    .replace("web", &format!("w{number}"))
                    .replace("replicas: 3", "replicas: 5000")
            )
        })
        .collect();
    assert!(codes(&load_text(&many)).contains(&Code::TooManyPods));
}

#[test]
fn documents_of_hundred_thousand_fields_are_read() {
    let variables: String =
        (0..100_000).map(|n| format!("        - {{ nam: A{n}, value: 3 }}\n")).collect();
    let text =
        APP.replace("        ports: [", &format!("        env:\n{variables}        ports: ["));
    assert!(codes(&load_text(&text)).contains(&Code::UnknownField));
    let keys: String = (0..100_000).map(|n| format!("k{n}: v, ")).collect();
    assert!(codes(&load_text(&format!("{{ {keys} }}"))).contains(&Code::NotAnObject));
}

#[test]
fn nothing_is_said_to_be_nothing() {
    for text in ["", "---\n---\n", "# only a comment\n", "~\n"] {
        assert_eq!(codes(&load_text(text)), [Code::NothingThere], "{text:?}");
    }
    assert_eq!(codes(&load_files(&[], &[])), [Code::NothingThere]);
    assert_eq!(codes(&load_files(&["k"], &[("k/readme.md", "x")])), [Code::NothingThere]);
    assert_eq!(codes(&load_files(&["nowhere"], &[])), [Code::CannotRead]);
}

/// A scenario with something of everything, to be mutilated.
fn good() -> String {
    with_scenario(&format!(
        "{QUIET}cluster: {{ profile: large, nodes: {{ count: 2, cpu: 500m }} }}\ntimeline:\n- {{ at: 30s, kubectl: set image deployment/web web=web:v2 }}\n- {{ at: 40s, fault: {{ slow: {{ pods: app=web, factor: 2 }} }} }}\nexpect: [ \"a bad 'thing'\" ]\n"
    ))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,200}") {
        codes(&load_text(&text));
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut memory = Memory::default();
        memory.0.insert("a.yaml".to_owned(), bytes);
        let loaded = load(&["a.yaml".to_owned()], &memory, &judge);
        let _ = render(&loaded.diagnostics, &loaded.sources, Style::Ansi);
        codes(&loaded);
    }

    #[test]
    fn anything_yaml_like_gets_an_answer(text in "[-:\\[\\]{}&*!|>'\"%@`#, \n\tab0.~<é]{0,120}") {
        codes(&load_text(&text));
    }

    #[test]
    fn a_good_scenario_with_a_hole_gets_an_answer(start in 0_usize..2000, length in 0_usize..40, filling in "[-:\\[\\]{}&*'\"#, \n/=a0.~é]{0,6}") {
        let mut text = good();
        let start = start % text.len();
        let end = (start + length).min(text.len());
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            text.replace_range(start..end, &filling);
        }
        codes(&load_text(&text));
    }

    #[test]
    fn lines_in_any_order_get_an_answer(seed in any::<u64>()) {
        let text = good();
        let mut lines: Vec<&str> = text.lines().collect();
        let mut state = seed;
        for index in (1..lines.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            lines.swap(index, (state >> 33) as usize % (index + 1));
        }
        codes(&load_text(&lines.join("\n")));
    }
}
