//! The page of the course: under each command stands what it prints. `ROLLSIM_BLESS=1` writes it there.

use std::{env, fs};

use super::bench::{repository, rollsim_in};

/// `kubectl` commands of a page, each with the text that follows.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut examples = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("```sh\n") {
        let (command, after) = after.split_once("\n```\n").expect("a block ends");
        rest = after;
        if let Some(text) = after.strip_prefix("\n```text\n") {
            let (text, after) = text.split_once("```\n").expect("a block ends");
            examples.push((command.to_owned(), text.to_owned()));
            rest = after;
        }
    }
    examples
}

#[test]
fn what_stands_under_a_command_is_what_it_prints() {
    let folder = repository();
    let path = folder.join("docs/course.md");
    let mut page = fs::read_to_string(&path).expect("the page is there");
    let examples = examples(&page);
    let bless = env::var_os("ROLLSIM_BLESS").is_some();
    for (command, text) in &examples {
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let printed = rollsim_in(&folder, &words).ended_with(0).stdout;
        if bless {
            let block = |text: &str| format!("{command}\n```\n\n```text\n{}\n```", text.trim_end());
            page = page.replace(&block(text), &block(&printed));
            continue;
        }
        assert_eq!(printed.trim_end(), text.trim_end(), "{command}\n{printed}");
    }
    if bless {
        fs::write(&path, &page).expect("the page can be written");
    }
    assert!(examples.len() > 5, "only {} commands have their text", examples.len());
}
