//! A command line as kubectl takes it: flags may stand before the command, and among its words.

/// Flags of every command that take nothing.
const SWITCHES: [&str; 6] = [
    "-h",
    "--help",
    "--disable-compression",
    "--insecure-skip-tls-verify",
    "--match-server-version",
    "--warnings-as-errors",
];

/// How many words a command has that begins so: `rollout status`, `create service nodeport`.
fn words_of(first: &str) -> usize {
    match first {
        "create" => 3,
        "rollout" => 2,
        _ => 1,
    }
}

/// The words of the command in front, and the flags that stood before them behind them.
pub(super) fn command_first(line: &[String]) -> Vec<String> {
    let (mut command, mut flags): (Vec<&String>, Vec<&String>) = (Vec::new(), Vec::new());
    let mut place = 0;
    while let Some(word) = line.get(place)
        && word != "--"
        && command.first().is_none_or(|first| command.len() < words_of(first))
    {
        place += 1;
        if !word.starts_with('-') || word == "-" {
            command.push(word);
            continue;
        }
        flags.push(word);
        if takes_the_next(word) {
            flags.extend(line.get(place));
            place += 1;
        }
    }
    let rest = &line[place.min(line.len())..];
    command.into_iter().chain(flags).chain(rest).cloned().collect()
}

/// Whether the next word is a flag's value. Of a flag that no command has yet, kubectl takes it for
/// one (`stripFlags` of cobra).
fn takes_the_next(flag: &str) -> bool {
    let alone = flag.starts_with("--") || flag.len() == 2;
    alone && !flag.contains('=') && !SWITCHES.contains(&flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_before_a_command_stand_behind_it() {
        let cases = [
            ("get pods -n a", "get pods -n a"),
            ("-n prod get pods", "get -n prod pods"),
            ("-nprod get pods", "get -nprod pods"),
            ("--namespace=a get pods -o name", "get --namespace=a pods -o name"),
            ("--namespace a --warnings-as-errors get", "get --namespace a --warnings-as-errors"),
            ("-n a rollout status deploy/web", "rollout status -n a deploy/web"),
            ("rollout -n a status deploy/web", "rollout status -n a deploy/web"),
            ("create -n a service clusterip b", "create service clusterip -n a b"),
            ("-n a exec web -- env -n", "exec -n a web -- env -n"),
            ("create service", "create service"),
            ("-n", "-n"),
            ("-n a", "-n a"),
            ("-n a -- get", "-n a -- get"),
            ("", ""),
        ];
        for (line, expected) in cases {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(command_first(&words).join(" "), expected, "{line}");
        }
    }
}
