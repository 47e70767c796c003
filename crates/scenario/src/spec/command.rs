//! kubectl command lines, as far as they can be rehearsed.
//!
//! This knows the words; whether a Deployment is there is for `timeline` to find out.

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
    /// `delete service`: these names.
    DeleteService(Vec<Word>),
}

/// A command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) namespace: String,
    pub(crate) verb: Verb,
}

/// What there is, for help.
const UNDERSTOOD: &str = "understood are `set image`, `rollout restart|undo|pause|resume`, `scale`, `apply -f`, `delete pod -l` and `delete service`";

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
    end: usize,
}

impl Command {
    /// Reads a command line, with or without `kubectl` in front.
    pub(crate) fn parse(text: &str) -> Result<Self, BadCommand> {
        let mut line = take_apart(text)?;
        if line.words.first().is_some_and(|word| word.text == "kubectl") {
            line.words.remove(0);
        }
        let namespace = line.flag("--namespace").map_or("default".to_owned(), |word| word.text);
        let verb = line.verb()?;
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
    let mut line = Line { words: Vec::new(), flags: Vec::new(), end: text.len() };
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
            return Err(BadCommand::new(word.offset, message, suggest(name, "flag", known)));
        };
        let value = match value {
            Some(value) => Word { text: value.to_owned(), offset: word.offset },
            None => words.next().ok_or_else(|| {
                BadCommand::new(word.offset, format!("flag {name} needs a value"), "add it")
            })?,
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

    fn verb(&mut self) -> Result<Verb, BadCommand> {
        let first = self.next();
        let second = match first.as_ref().map(|word| word.text.as_str()) {
            Some("set" | "rollout" | "delete") => self.next(),
            _ => None,
        };
        let text =
            |word: &Option<Word>| word.as_ref().map_or("", |word| word.text.as_str()).to_owned();
        match (text(&first).as_str(), text(&second).as_str()) {
            ("set", "image") => self.set_image(),
            ("rollout", "restart") => Ok(Verb::Restart(self.targets(true)?)),
            ("rollout", "undo") => {
                let revision = self.flag("--to-revision");
                Ok(Verb::Undo(
                    self.targets(true)?,
                    revision.map(revision_number).transpose()?.flatten(),
                ))
            }
            ("rollout", "pause") => Ok(Verb::Pause(self.targets(true)?, true)),
            ("rollout", "resume") => Ok(Verb::Pause(self.targets(true)?, false)),
            ("scale", _) => self.scale(),
            ("apply", _) => self.apply(),
            ("delete", "pod" | "pods" | "po") => self.delete_pod(),
            ("delete", kind) if is_service(kind.split('/').next().unwrap_or_default()) => {
                self.delete_service(second)
            }
            _ => Err(unknown_verb(first.as_ref(), second.as_ref())),
        }
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

    /// `delete service a b`, or `delete service/a service/b`, where the kind is `first`'s.
    fn delete_service(&mut self, first: Option<Word>) -> Result<Verb, BadCommand> {
        let slashed = first.filter(|word| word.text.contains('/'));
        let with_kind = slashed.is_some();
        let rest = std::mem::take(&mut self.words);
        let mut names = Vec::new();
        for word in slashed.into_iter().chain(rest) {
            let (kind, name) = match word.text.split_once('/') {
                Some((kind, name)) if with_kind => (kind, name),
                None if !with_kind => ("service", word.text.as_str()),
                _ => {
                    let message = format!("`{}` is no kind and name like the others", word.text);
                    let help = "write `delete service web api` or `delete service/web service/api`";
                    return Err(BadCommand::new(word.offset, message, help));
                }
            };
            if !is_service(kind) {
                let message =
                    format!("`{kind}` cannot be deleted here, only Services and pods can");
                return Err(BadCommand::new(word.offset, message, "write service/NAME"));
            }
            let offset = word.offset + word.text.len() - name.len();
            names.push(Word { text: name.to_owned(), offset });
        }
        if names.iter().any(|name| name.text.is_empty()) || names.is_empty() {
            let help = "write `delete service NAME`";
            return Err(BadCommand::new(self.end, "the Service's name is missing", help));
        }
        Ok(Verb::DeleteService(names))
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

fn is_deployment(kind: &str) -> bool {
    matches!(kind, "deployment" | "deployments" | "deploy" | "deployment.apps" | "deployments.apps")
}

fn is_service(kind: &str) -> bool {
    matches!(kind, "service" | "services" | "svc")
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
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let names = |targets: &Targets| match targets {
            Targets::All => "*".to_owned(),
            Targets::Named(words) => {
                words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
            }
        };
        match Command::parse(text) {
            Err(bad) => format!("{}: {}", bad.offset, bad.message),
            Ok(Command { namespace, verb }) => {
                let verb = match verb {
                    Verb::SetImage(targets, images) => {
                        let images = images.iter().map(|(c, image)| format!("{}={image}", c.text));
                        format!("set {} {}", names(&targets), images.collect::<Vec<_>>().join(" "))
                    }
                    Verb::Restart(targets) => format!("restart {}", names(&targets)),
                    Verb::Undo(targets, revision) => {
                        format!("undo {} {revision:?}", names(&targets))
                    }
                    Verb::Pause(targets, paused) => format!("pause {} {paused}", names(&targets)),
                    Verb::Scale(targets, replicas) => {
                        format!("scale {} {replicas}", names(&targets))
                    }
                    Verb::Apply(files) => format!("apply {}", names(&Targets::Named(files))),
                    Verb::DeletePod(labels) => format!("delete {}", labels.text),
                    Verb::DeleteService(services) => {
                        format!("delete service {}", names(&Targets::Named(services)))
                    }
                };
                format!("{namespace}: {verb}")
            }
        }
    }

    #[test]
    fn command_lines_are_read_as_kubectl_reads_them() {
        let cases = [
            ("set image deployment/web web=web:v2", "default: set web web=web:v2"),
            ("kubectl set image -n shop deploy web a=b:1 *=c", "shop: set web a=b:1 *=c"),
            ("set image deployment/a deployment/b '*=x'", "default: set a b *=x"),
            ("rollout restart deployment/web", "default: restart web"),
            ("rollout restart deployment --namespace=shop", "shop: restart *"),
            ("rollout undo deployment/web --to-revision=2", "default: undo web Some(2)"),
            ("rollout undo deployment/web --to-revision 0", "default: undo web None"),
            ("rollout pause deployments.apps/web", "default: pause web true"),
            ("rollout resume deploy/web -nshop", "shop: pause web false"),
            ("scale --replicas=5 deployment/web", "default: scale web 5"),
            ("apply -f a.yaml -f b.yaml", "default: apply a.yaml b.yaml"),
            ("delete pod -l app=web", "default: delete app=web"),
            ("delete service web", "default: delete service web"),
            ("delete svc web api -n shop", "shop: delete service web api"),
            ("delete svc/web services/api", "default: delete service web api"),
        ];
        for (text, wanted) in cases {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_rehearsed_is_refused_with_its_place() {
        let cases = [
            ("", "0: the command is empty"),
            ("set image deployment/web", "24: the image is missing"),
            ("set image web=web:v2", "20: the Deployment is missing"),
            ("set image deployment/web web=", "25: a container or an image is missing"),
            (
                "rollout restart statefulset/db",
                "16: `statefulset` cannot be rehearsed, only Deployments can",
            ),
            ("rollout status deployment/web", "0: `rollout status` changes nothing"),
            ("get pods", "0: `get` changes nothing"),
            ("drain node-1", "0: `drain` cannot be rehearsed"),
            ("scale deployment/web", "20: --replicas is missing"),
            ("scale deployment/web --replicas=-1", "21: \"-1\" is not a number of replicas"),
            (
                "scale deployment/web --replicas=1208925819614629174706176",
                "21: \"1208925819614629174706176\" is not a number of replicas",
            ),
            ("rollout restart deployment/web --force", "31: flag --force cannot be rehearsed"),
            ("rollout restart deployment/web -l a=b", "34: flag --selector has no meaning here"),
            ("delete pod web-1", "11: pods are deleted by their labels here"),
            ("delete service", "14: the Service's name is missing"),
            ("delete service/", "15: the Service's name is missing"),
            ("delete service/web api", "19: `api` is no kind and name like the others"),
            (
                "delete svc/web deployment/web",
                "15: `deployment` cannot be deleted here, only Services and pods can",
            ),
            ("delete deployment web", "0: `delete deployment` cannot be rehearsed"),
            ("apply -f", "6: flag -f needs a value"),
            ("set image 'deployment/web", "10: a quote is not closed"),
            ("rollout undo deployment/web --to-revision=x", "28: \"x\" is not a revision"),
        ];
        for (text, wanted) in cases {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }
}
