//! Examples and command lines.

use std::{collections::BTreeSet, fs};

use crate::{
    page::{PAGES, as_document, blocks, path, read},
    rehearsal::load,
    rust_source::variants,
};

#[test]
fn every_example_loads() {
    let mut loaded = 0;
    for name in PAGES {
        for block in blocks(&read(name), "yaml") {
            if let Some(document) = as_document(name, &block) {
                load(&document);
                loaded += 1;
            }
        }
    }
    assert!(loaded > 4, "only {loaded} examples were found");
}

/// The flags of a struct of arguments, as they are typed.
fn flags(args: &str, name: &str) -> BTreeSet<String> {
    // A verb without arguments has no struct of them.
    let body = args.split(&format!("struct {name} {{\n")).nth(1).unwrap_or_default();
    let body = body.split("\n}").next().unwrap_or_default();
    let mut flags = BTreeSet::new();
    for attribute in body.split("#[arg(").skip(1) {
        let (options, rest) = attribute.split_once(")]").unwrap_or((attribute, ""));
        let field = rest.lines().map(str::trim).find(|line| line.contains(": "));
        let field = field.and_then(|line| line.split(':').next()).unwrap_or_default();
        let field = field.trim_start_matches("pub(crate) ").replace('_', "-");
        let options: Vec<&str> = options.split(", ").collect();
        if options.contains(&"long") {
            flags.insert(format!("--{field}"));
        }
        if options.contains(&"short") {
            flags.extend(field.chars().next().map(|letter| format!("-{letter}")));
        }
    }
    flags
}

/// The command lines of rollsim in a page, from the verb on.
fn commands(page: &str) -> Vec<String> {
    let lines = blocks(page, "sh");
    let lines = lines.iter().flat_map(|block| block.lines());
    let lines = lines.map(|line| line.split(" #").next().unwrap_or(line));
    let parts = lines.flat_map(|line| line.split(" | "));
    let starts = ["rollsim ", "cargo run --release -- "];
    let command = |part: &str| -> Option<String> {
        starts.iter().find_map(|start| part.trim().strip_prefix(start)).map(str::to_owned)
    };
    parts.filter_map(command).collect()
}

#[test]
fn command_lines_use_what_there_is() {
    let args = read("crates/cli/src/args.rs");
    let verbs = variants(&args, "Verb");
    let global = flags(&args, "Args");
    assert!(global.contains("--color") && flags(&args, "Run").contains("-o"), "{global:?}");
    let mut seen = 0;
    for page in PAGES {
        for line in commands(&read(page)) {
            seen += 1;
            let mut words = line.split_whitespace();
            let verb = words.next().unwrap_or_default();
            let known = verbs.iter().find(|known| known.to_lowercase() == verb);
            let known = known.unwrap_or_else(|| panic!("{page}: there is no verb {verb}: {line}"));
            let own = flags(&args, known);
            // What follows kubectl's command is kubectl's own.
            let commands = ["describe", "exec", "expose", "get", "rollout", "run"];
            let kubectls = |word: &str| verb == "kubectl" && commands.contains(&word);
            let words = words.take_while(|word| !kubectls(word));
            for word in words.filter(|word| word.starts_with('-') && *word != "-") {
                let flag = word.split('=').next().unwrap_or(word);
                let there = own.contains(flag) || global.contains(flag);
                assert!(there, "{page}: `{verb}` has no flag {flag}: {line}");
            }
            for file in line.split_whitespace().filter(|word| word.starts_with("scenarios/")) {
                assert!(path(file).exists(), "{page}: there is no {file}");
            }
        }
    }
    assert!(seen > 10, "only {seen} command lines were found");
}

#[test]
fn every_scenario_is_in_the_list() {
    let page = read("scenarios/README.md");
    for entry in fs::read_dir(path("scenarios")).expect("it is there") {
        let name = entry.expect("it can be listed").file_name().to_string_lossy().into_owned();
        let listed = page.contains(&format!("[{name}]({name})"));
        assert!(listed || !name.ends_with(".yaml"), "scenarios/README.md does not list {name}");
    }
}
