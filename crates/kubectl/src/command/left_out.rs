//! Flags that kubectl takes and that do nothing here: they are told from those that it does not
//! know.

/// Those of every command (`kubectl options`).
const OF_ALL: [&str; 28] = [
    "as",
    "as-group",
    "as-uid",
    "as-user-extra",
    "cache-dir",
    "certificate-authority",
    "client-certificate",
    "client-key",
    "cluster",
    "context",
    "disable-compression",
    "insecure-skip-tls-verify",
    "kubeconfig",
    "kuberc",
    "log-flush-frequency",
    "match-server-version",
    "password",
    "profile",
    "profile-output",
    "request-timeout",
    "server",
    "tls-server-name",
    "token",
    "user",
    "username",
    "v",
    "vmodule",
    "warnings-as-errors",
];

/// Those of each command, parted by spaces.
const OF_ONE: [(&str, &str); 8] = [
    (
        "get",
        "allow-missing-template-keys chunk-size filename ignore-not-found kustomize \
         output-watch-events raw recursive server-print show-kind show-managed-fields subresource \
         template",
    ),
    ("describe", "chunk-size filename kustomize recursive show-events"),
    (
        "expose",
        "allow-missing-template-keys field-manager filename kustomize override-type overrides \
         recursive save-config show-managed-fields template",
    ),
    (
        "create service",
        "allow-missing-template-keys field-manager save-config show-managed-fields template validate",
    ),
    ("rollout status", "filename kustomize recursive revision selector"),
    (
        "rollout history",
        "allow-missing-template-keys filename kustomize output recursive selector \
         show-managed-fields template",
    ),
    ("exec", "filename pod-running-timeout"),
    (
        "run",
        "allow-missing-template-keys annotations cascade detach-keys expose field-manager filename \
         force grace-period kustomize leave-stdin-open override-type overrides pod-running-timeout \
         privileged recursive save-config show-managed-fields template timeout wait",
    ),
];

/// Letters that stand for one of these wherever they are taken.
const LETTERS: [(char, &str); 5] =
    [('R', "recursive"), ('f', "filename"), ('k', "kustomize"), ('s', "server"), ('v', "v")];

/// Whether kubectl's command takes a flag of that name.
pub(super) fn is_flag(command: &str, name: &str) -> bool {
    let own = OF_ONE.iter().filter(|(known, _)| command.starts_with(known));
    OF_ALL.contains(&name) || own.flat_map(|(_, names)| names.split(' ')).any(|it| it == name)
}

/// The flag of a letter, where the command takes it.
pub(super) fn flag_of(command: &str, letter: char) -> Option<&'static str> {
    let (_, name) = LETTERS.iter().find(|(known, _)| *known == letter)?;
    is_flag(command, name).then_some(*name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_that_of_a_command_or_of_all() {
        let cases = [
            ("get", "ignore-not-found", true),
            ("get", "context", true),
            ("create service nodeport", "validate", true),
            ("describe", "template", false),
            ("get", "colour", false),
        ];
        for (command, name, known) in cases {
            assert_eq!(is_flag(command, name), known, "{command} --{name}");
        }
        assert_eq!(flag_of("get", 'f'), Some("filename"));
        assert_eq!(flag_of("create service nodeport", 'f'), None);
        assert_eq!(flag_of("get", 'x'), None);
    }
}
