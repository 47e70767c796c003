//! kubectl command lines, as far as they can be rehearsed.
//!
//! This knows the words; whether a Deployment is there is for `timeline` to find out.

use api::Kind;

use crate::diagnostic::suggest;

/// A word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Bytes from the start of the line.
    pub(crate) offset: usize,
}

/// What is wrong with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadCommand {
    pub(crate) offset: usize,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl BadCommand {
    fn new(offset: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { offset, message: message.into(), help: help.into() }
    }
}

/// Which Deployments a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Targets {
    /// Those of these names.
    Named(Vec<Word>),
    /// All of the namespace.
    All,
}

/// A command that can be rehearsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// `set image`: containers and images.
    SetImage(Targets, Vec<(Word, String)>),
    /// `rollout restart`.
    Restart(Targets),
    /// `rollout undo`, to a revision if one is given.
    Undo(Targets, Option<u64>),
    /// `rollout pause`, or `resume`.
    Pause(Targets, bool),
    /// `scale`.
    Scale(Targets, i32),
    /// `apply -f`: files or folders.
    Apply(Vec<Word>),
    /// `delete pod -l`.
    DeletePod(Word),
    /// `delete service`, `delete deployment`: these kinds and names.
    Delete(Vec<(Kind, Word)>),
    /// `delete namespace`: these names.
    DeleteNamespace(Vec<Word>),
}

impl Verb {
    /// Which Deployments it is about, where it is about Deployments by name or all.
    pub(crate) fn targets(&self) -> Option<&Targets> {
        match self {
            Self::SetImage(targets, _)
            | Self::Restart(targets)
            | Self::Undo(targets, _)
            | Self::Pause(targets, _)
            | Self::Scale(targets, _) => Some(targets),
            Self::Apply(_) | Self::DeletePod(_) | Self::Delete(_) | Self::DeleteNamespace(_) => {
                None
            }
        }
    }
}

/// A command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// The one that `-n` names.
    pub(crate) namespace: Option<Word>,
    pub(crate) verb: Verb,
}

/// What there is, for help.
const UNDERSTOOD: &str = "understood are `set image`, `rollout restart|undo|pause|resume`, `scale`, `apply -f`, `delete pod -l` and `delete service|deployment|namespace`";

/// Flags with a value: short form if any, long form.
const FLAGS: [(&str, &str); 5] = [
    ("-n", "--namespace"),
    ("-l", "--selector"),
    ("-f", "--filename"),
    ("", "--replicas"),
    ("", "--to-revision"),
];

/// A command line taken apart.
struct Line {
    words: Vec<Word>,
    flags: Vec<(&'static str, Word)>,
    /// The first flag that is not understood: what stands behind it may belong to it, and is left out.
    bad: Option<BadCommand>,
    end: usize,
}

/// What makes a command of the words behind its verb, and of the flags.
type Rest = fn(&mut Line) -> Result<Verb, BadCommand>;

impl Command {
    /// Reads a command line, with or without `kubectl` in front.
    pub(crate) fn parse(text: &str) -> Result<Self, BadCommand> {
        let mut line = take_apart(text)?;
        if line.words.first().is_some_and(|word| word.text == "kubectl") {
            line.words.remove(0);
        }
        let namespace = line.flag("--namespace");
        // Whoever writes a command that is not known is not helped by hearing of its flags.
        let bad = line.bad.take();
        if let Some(bad) = bad.clone().filter(|_| line.is_cut_within_verb()) {
            return Err(bad);
        }
        let rest = line.verb()?;
        let verb = match bad {
            Some(bad) => return Err(bad),
            None => rest(&mut line)?,
        };
        if let Some((name, word)) = line.flags.first() {
            let message = format!("flag {name} has no meaning here");
            return Err(BadCommand::new(word.offset, message, "leave it out"));
        }
        Ok(Self { namespace, verb })
    }
}

fn split_words(text: &str) -> Result<Vec<Word>, BadCommand> {
    let mut words: Vec<Word> = Vec::new();
    let mut quote: Option<(char, usize)> = None;
    let mut in_word = false;
    for (offset, c) in text.char_indices() {
        match quote {
            Some((open, _)) if c == open => quote = None,
            None if c.is_whitespace() => in_word = false,
            _ => {
                if !in_word {
                    words.push(Word { text: String::new(), offset });
                    in_word = true;
                }
                if quote.is_none() && matches!(c, '"' | '\'') {
                    quote = Some((c, offset));
                } else if let Some(word) = words.last_mut() {
                    word.text.push(c);
                }
            }
        }
    }
    match quote {
        Some((_, offset)) => {
            Err(BadCommand::new(offset, "a quote is not closed", "close the quote"))
        }
        None => Ok(words),
    }
}

fn take_apart(text: &str) -> Result<Line, BadCommand> {
    let mut line = Line { words: Vec::new(), flags: Vec::new(), bad: None, end: text.len() };
    let mut words = split_words(text)?.into_iter();
    while let Some(word) = words.next() {
        if !word.text.starts_with('-') || word.text == "-" {
            line.words.push(word);
            continue;
        }
        let (name, value) = match word.text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            // `-nshop`, as in `-n shop`.
            None if !word.text.starts_with("--")
                && word.text.len() > 2
                && word.text.is_char_boundary(2) =>
            {
                (&word.text[..2], Some(&word.text[2..]))
            }
            None => (word.text.as_str(), None),
        };
        let Some((_, long)) = FLAGS.iter().find(|(short, long)| name == *short || name == *long)
        else {
            let known = FLAGS.iter().map(|(_, long)| *long);
            let message = format!("flag {name} cannot be rehearsed");
            let help = suggest(name, "flag", known);
            line.bad = Some(BadCommand::new(word.offset, message, help));
            break;
        };
        let value = match value {
            Some(value) => Some(Word { text: value.to_owned(), offset: word.offset }),
            None => words.next(),
        };
        let Some(value) = value else {
            let message = format!("flag {name} needs a value");
            line.bad = Some(BadCommand::new(word.offset, message, "add it"));
            break;
        };
        line.flags.push((long, value));
    }
    Ok(line)
}

impl Line {
    fn flag(&mut self, name: &str) -> Option<Word> {
        let index = self.flags.iter().position(|(flag, _)| *flag == name)?;
        Some(self.flags.remove(index).1)
    }

    fn need_flag(&mut self, name: &str, help: &str) -> Result<Word, BadCommand> {
        let missing = || BadCommand::new(self.end, format!("{name} is missing"), help);
        let index = self.flags.iter().position(|(flag, _)| *flag == name).ok_or_else(missing)?;
        Ok(self.flags.remove(index).1)
    }

    fn next(&mut self) -> Option<Word> {
        (!self.words.is_empty()).then(|| self.words.remove(0))
    }

    /// Whether the words end before it is clear which command it is.
    fn is_cut_within_verb(&self) -> bool {
        match &self.words[..] {
            [] => true,
            [only] => has_second_word(&only.text),
            _ => false,
        }
    }

    /// Takes the words that say which command it is; how the rest of it is read.
    fn verb(&mut self) -> Result<Rest, BadCommand> {
        let first = self.next();
        let second = first.as_ref().filter(|word| has_second_word(&word.text));
        let second = second.and_then(|_| self.next());
        let text = |word: &Option<Word>| word.as_ref().map_or("", |word| &word.text).to_owned();
        let rest: Rest = match (text(&first).as_str(), text(&second).as_str()) {
            ("set", "image") => Self::set_image,
            ("rollout", "restart") => |line| Ok(Verb::Restart(line.targets(true)?)),
            ("rollout", "undo") => Self::undo,
            ("rollout", "pause") => |line| Ok(Verb::Pause(line.targets(true)?, true)),
            ("rollout", "resume") => |line| Ok(Verb::Pause(line.targets(true)?, false)),
            ("scale", _) => Self::scale,
            ("apply", _) => Self::apply,
            ("delete", "pod" | "pods" | "po") => Self::delete_pod,
            ("delete", kind) if deletable(kind.split('/').next().unwrap_or_default()).is_some() => {
                // The kind may have a name with it.
                self.words.splice(..0, second);
                Self::delete
            }
            ("delete", kind) if is_namespace(kind.split('/').next().unwrap_or_default()) => {
                self.words.splice(..0, second);
                Self::delete_namespace
            }
            _ => return Err(unknown_verb(first.as_ref(), second.as_ref())),
        };
        Ok(rest)
    }

    fn undo(&mut self) -> Result<Verb, BadCommand> {
        let revision = self.flag("--to-revision");
        let targets = self.targets(true)?;
        Ok(Verb::Undo(targets, revision.map(revision_number).transpose()?.flatten()))
    }

    fn set_image(&mut self) -> Result<Verb, BadCommand> {
        let all = std::mem::take(&mut self.words);
        let (changes, targets): (Vec<Word>, Vec<Word>) =
            all.into_iter().partition(|word| word.text.contains('='));
        self.words = targets;
        if changes.is_empty() {
            let help = "write CONTAINER=IMAGE, as in `set image deployment/web web=web:v2`";
            return Err(BadCommand::new(self.end, "the image is missing", help));
        }
        let targets = self.targets(false)?;
        let mut images = Vec::new();
        for word in changes {
            let (container, image) = word.text.split_once('=').unwrap_or_default();
            if container.is_empty() || image.is_empty() {
                let help = "write CONTAINER=IMAGE, as in web=web:v2";
                return Err(BadCommand::new(
                    word.offset,
                    "a container or an image is missing",
                    help,
                ));
            }
            let container = Word { text: container.to_owned(), offset: word.offset };
            images.push((container, image.to_owned()));
        }
        Ok(Verb::SetImage(targets, images))
    }

    fn scale(&mut self) -> Result<Verb, BadCommand> {
        let word = self.need_flag("--replicas", "write `scale --replicas=5 deployment/web`")?;
        let most = crate::kubernetes::MOST_REPLICAS;
        let replicas = word.text.parse().ok().filter(|replicas| (0..=most).contains(replicas));
        let Some(replicas) = replicas else {
            let message = format!("{:?} is not a number of replicas", word.text);
            return Err(BadCommand::new(word.offset, message, format!("write 0 to {most}")));
        };
        Ok(Verb::Scale(self.targets(false)?, replicas))
    }

    fn apply(&mut self) -> Result<Verb, BadCommand> {
        let first = self.need_flag("--filename", "write `apply -f app-v2.yaml`")?;
        let mut files = vec![first];
        while let Some(file) = self.flag("--filename") {
            files.push(file);
        }
        match self.words.first() {
            Some(word) => Err(self.extra(word)),
            None => Ok(Verb::Apply(files)),
        }
    }

    fn delete_pod(&mut self) -> Result<Verb, BadCommand> {
        if let Some(word) = self.words.first() {
            let help = "pods have random names: write `delete pod -l app=web`";
            return Err(BadCommand::new(
                word.offset,
                "pods are deleted by their labels here",
                help,
            ));
        }
        self.need_flag("--selector", "write `delete pod -l app=web`").map(Verb::DeletePod)
    }

    /// `delete service a b`, or `delete service/a deployment/b`, without the first word.
    fn delete(&mut self) -> Result<Verb, BadCommand> {
        let (slashed, alone): (Option<Word>, Option<Word>) = match self.next() {
            Some(word) if word.text.contains('/') => (Some(word), None),
            first => (None, first),
        };
        let of_all = alone.as_ref().and_then(|word| deletable(&word.text));
        let mut objects = Vec::new();
        for word in slashed.into_iter().chain(std::mem::take(&mut self.words)) {
            let (kind, name) = match (word.text.split_once('/'), of_all) {
                (Some((kind, name)), None) => (deletable(kind).ok_or(kind), name),
                (None, Some(kind)) => (Ok(kind), word.text.as_str()),
                _ => {
                    let message = format!("`{}` is no kind and name like the others", word.text);
                    let help = "write `delete service web api` or `delete service/web service/api`";
                    return Err(BadCommand::new(word.offset, message, help));
                }
            };
            let kind = kind.map_err(|kind| {
                let message = format!(
                    "`{kind}` cannot be deleted here, only Services, Deployments and pods can"
                );
                BadCommand::new(word.offset, message, "write service/NAME or deployment/NAME")
            })?;
            let offset = word.offset + word.text.len() - name.len();
            objects.push((kind, Word { text: name.to_owned(), offset }));
        }
        let kind = objects.first().map(|(kind, _)| *kind).or(of_all).unwrap_or(Kind::Service);
        if objects.iter().any(|(_, name)| name.text.is_empty()) || objects.is_empty() {
            let help = format!("write `delete {} NAME`", kind.to_string().to_lowercase());
            let message = format!("the {kind}'s name is missing");
            return Err(BadCommand::new(self.end, message, help));
        }
        Ok(Verb::Delete(objects))
    }

    /// `delete namespace a b`, or `delete namespace/a namespace/b`, without the first word.
    fn delete_namespace(&mut self) -> Result<Verb, BadCommand> {
        let mut names = Vec::new();
        for word in std::mem::take(&mut self.words) {
            let slash = word.text.split_once('/');
            let name = match slash {
                Some((kind, name)) if is_namespace(kind) => name,
                None if names.is_empty() && is_namespace(&word.text) => continue,
                None => &word.text,
                Some(_) => {
                    let message = format!("`{}` is no namespace", word.text);
                    let help = "delete objects of other kinds in a step of their own";
                    return Err(BadCommand::new(word.offset, message, help));
                }
            };
            let offset = word.offset + word.text.len() - name.len();
            names.push(Word { text: name.to_owned(), offset });
        }
        if names.is_empty() || names.iter().any(|name| name.text.is_empty()) {
            let help = "write `delete namespace NAME`";
            return Err(BadCommand::new(self.end, "the namespace's name is missing", help));
        }
        Ok(Verb::DeleteNamespace(names))
    }

    fn extra(&self, word: &Word) -> BadCommand {
        BadCommand::new(word.offset, format!("`{}` has no meaning here", word.text), "leave it out")
    }

    /// `deployment/a deployment/b`, `deployment a b`, or `deployment` alone for all, where kubectl
    /// takes that.
    fn targets(&mut self, all_allowed: bool) -> Result<Targets, BadCommand> {
        let words = std::mem::take(&mut self.words);
        let help = "write deployment/NAME";
        let Some(first) = words.first() else {
            return Err(BadCommand::new(self.end, "the Deployment is missing", help));
        };
        if is_deployment(&first.text) {
            return match &words[1..] {
                [] if all_allowed => Ok(Targets::All),
                [] => Err(BadCommand::new(self.end, "the Deployment's name is missing", help)),
                names => Ok(Targets::Named(names.to_vec())),
            };
        }
        let mut named = Vec::new();
        for word in words {
            match word.text.split_once('/') {
                Some((kind, name)) if is_deployment(kind) && !name.is_empty() => {
                    let offset = word.offset + kind.len() + 1;
                    named.push(Word { text: name.to_owned(), offset });
                }
                Some((kind, _)) => {
                    let message = format!("`{kind}` cannot be rehearsed, only Deployments can");
                    return Err(BadCommand::new(word.offset, message, help));
                }
                None => {
                    let message = format!("`{}` is no kind and name", word.text);
                    return Err(BadCommand::new(word.offset, message, help));
                }
            }
        }
        Ok(Targets::Named(named))
    }
}

/// Whether a word is the first of two that say which command it is.
fn has_second_word(first: &str) -> bool {
    matches!(first, "set" | "rollout" | "delete")
}

fn is_deployment(kind: &str) -> bool {
    matches!(kind, "deployment" | "deployments" | "deploy" | "deployment.apps" | "deployments.apps")
}

fn is_service(kind: &str) -> bool {
    matches!(kind, "service" | "services" | "svc")
}

fn is_namespace(kind: &str) -> bool {
    matches!(kind, "namespace" | "namespaces" | "ns")
}

/// The kind that a word names, of those that are deleted by name.
fn deletable(word: &str) -> Option<Kind> {
    match word {
        word if is_service(word) => Some(Kind::Service),
        word if is_deployment(word) => Some(Kind::Deployment),
        _ => None,
    }
}

/// Revision 0 means the one before, as in kubectl.
fn revision_number(word: Word) -> Result<Option<u64>, BadCommand> {
    match word.text.parse::<u64>() {
        Ok(0) => Ok(None),
        Ok(revision) => Ok(Some(revision)),
        Err(_) => {
            let message = format!("{:?} is not a revision", word.text);
            Err(BadCommand::new(word.offset, message, "write a number such as 1"))
        }
    }
}

fn unknown_verb(first: Option<&Word>, second: Option<&Word>) -> BadCommand {
    let Some(first) = first else {
        return BadCommand::new(0, "the command is empty", UNDERSTOOD);
    };
    let shown =
        second.map_or(first.text.clone(), |second| format!("{} {}", first.text, second.text));
    let reads = ["get", "describe", "logs", "status", "history", "top", "explain", "diff", "wait"];
    let second_reads = second.is_some_and(|word| reads.contains(&word.text.as_str()));
    if reads.contains(&first.text.as_str()) || second_reads {
        let help = "leave the step out: the results say what happened";
        return BadCommand::new(first.offset, format!("`{shown}` changes nothing"), help);
    }
    BadCommand::new(first.offset, format!("`{shown}` cannot be rehearsed"), UNDERSTOOD)
}

#[cfg(test)]
mod tests;
