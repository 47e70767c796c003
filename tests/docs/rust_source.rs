//! What stands in a source.

use std::{collections::BTreeSet, fs};

use crate::page::{path, read};

/// A source file without its tests.
pub(crate) fn source(name: &str) -> String {
    let text = read(name);
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The Rust files of a folder and of those in it, by name.
pub(crate) fn sources_in(folder: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path(folder)).expect("the folder is there") {
        let entry = entry.expect("it can be listed");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            names.extend(sources_in(&name));
        } else if name.ends_with(".rs") {
            names.push(name);
        }
    }
    names.sort_unstable();
    names
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Text(String),
    Mark(char),
}

/// Texts and other characters of Rust source; comments and white space are left out.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = if rest.starts_with("//") {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else if c == '"' {
            let end = end_of_text(after);
            tokens.push(Token::Text(after[..end].to_owned()));
            after.get(end + 1..).unwrap_or_default()
        } else if c == '\'' && after.starts_with('"') {
            // A character that would look like the beginning of a text.
            &after[1..]
        } else {
            if !c.is_whitespace() {
                tokens.push(Token::Mark(c));
            }
            after
        };
    }
    tokens
}

fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// The words in lists of texts, and of tuples that begin with texts: `["name", "from"]`,
/// `[("exit", …), …]`.
pub(crate) fn listed_words(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let mut words = BTreeSet::new();
    let is_text = |place: usize| matches!(tokens.get(place), Some(Token::Text(_)));
    for (start, token) in tokens.iter().enumerate() {
        let tuple = tokens.get(start + 1) == Some(&Token::Mark('('));
        if *token != Token::Mark('[') || !is_text(start + 1 + usize::from(tuple)) {
            continue;
        }
        let list = tokens[start + 1..].iter().take_while(|token| **token != Token::Mark(']'));
        words.extend(list.filter_map(|token| match token {
            Token::Text(text) => Some(text.clone()),
            Token::Mark(_) => None,
        }));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    words.retain(|word| word.len() > 1 && word.chars().all(plain));
    words
}

/// The second texts of tuples that begin with two: `("PodSpec", "affinity", …)`.
pub(crate) fn seconds_of_tuples(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let found = tokens.windows(4).filter_map(|four| match four {
        [Token::Mark('('), Token::Text(_), Token::Mark(','), Token::Text(second)] => {
            Some(second.clone())
        }
        _ => None,
    });
    found.collect()
}

/// The texts right after each of some beginnings, such as `traffic("`.
pub(crate) fn texts_after<'a>(source: &'a str, beginnings: &[&str]) -> BTreeSet<&'a str> {
    let after = |beginning: &&str| source.split(*beginning).skip(1).collect::<Vec<_>>();
    let texts = beginnings.iter().flat_map(after);
    texts.filter_map(|rest| rest.split('"').next()).collect()
}

/// The variants of an enum.
pub(crate) fn variants<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let body = source.split(&format!("enum {name} {{\n")).nth(1).expect("the enum is there");
    let body = body.split("\n}").next().unwrap_or_default();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    variants.filter_map(|line| line.split([' ', '(', ',']).next()).collect()
}
