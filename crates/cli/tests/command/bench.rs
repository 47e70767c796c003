//! Runs the binary and looks at what it did.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The built binary.
pub(crate) const ROLLSIM: &str = env!("CARGO_BIN_EXE_rollsim");

/// The path of a scenario of the repository.
pub(crate) fn scenario(name: &str) -> String {
    format!("{}/../../scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

/// The repository's folder.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the binary in a folder.
pub(crate) fn rollsim_in(folder: &Path, arguments: &[&str]) -> Ran {
    Ran::of(command(arguments).current_dir(folder).output().expect("it can be run"))
}

/// An empty folder of its own for a test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it can be emptied");
    }
    fs::create_dir_all(&folder).expect("it can be made");
    folder
}

/// Writes a file, and the folder that it is to be in, and gives back its path as an argument.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
    fs::write(&path, text).expect("it can be written");
    path.to_str().expect("the path is text").to_owned()
}

/// The command, with an environment that says nothing of colour.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(ROLLSIM);
    command.args(arguments);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(name);
    }
    command
}

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
        let code = output.status.code().expect("it ended by itself");
        let ran = Self { code, stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran
    }

    /// Asserts how it ended.
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that stderr has all of these.
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in:\n{}", self.stderr);
        }
        self
    }
}

/// Runs the command.
pub(crate) fn rollsim(arguments: &[&str]) -> Ran {
    let output = command(arguments).stdin(Stdio::null()).output();
    Ran::of(output.expect("the binary is there"))
}

/// Runs the command with a text on standard input.
pub(crate) fn rollsim_reading(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary is there");
    let mut stdin = child.stdin.take().expect("it is piped");
    // One that has read enough need not read the rest.
    let _ = stdin.write_all(input);
    drop(stdin);
    Ran::of(child.wait_with_output().expect("it ends"))
}

/// A Deployment and a Service, as somebody has them.
pub(crate) const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: web:v1
          ports: [ { containerPort: 8080 } ]
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 2 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [ { port: 80, targetPort: 8080 } ] }
";

/// A scenario of ten seconds about [`MANIFESTS`], with further lines of its `spec`.
pub(crate) fn short_scenario(lines: &str) -> String {
    format!(
        "apiVersion: rollsim.dev/v1
kind: Scenario
metadata: {{ name: short }}
spec:
  duration: 10s
  images: {{ 'web:v1': {{ start: 1s }} }}
  clients: [ {{ name: shop, target: 'http://web/', arrivals: poisson(50/s) }} ]
{lines}---
{MANIFESTS}"
    )
}
