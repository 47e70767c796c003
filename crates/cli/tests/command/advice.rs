//! What went wrong and what to change, as the report says it: mistakes that people make, each in a
//! copy of the first scenario.

use std::fs;

use super::bench::{folder, rollsim, scenario, write};

struct Mistake {
    name: &'static str,
    /// What is written wrongly, and how.
    written: [&'static str; 2],
    /// What `WHY` says, and the lines of `TRY`; none where no field would help.
    why: &'static str,
    advice: &'static [&'static str],
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "too-large",
        written: ["cpu: 250m", "cpu: 64"],
        why: "the scheduler found no node for 3 pods of web:v1 (0/3 nodes are available: 3 \
              Insufficient cpu)",
        advice: &[],
    },
    Mistake {
        name: "no-such-port",
        written: ["targetPort: http", "targetPort: htp"],
        why: "its pods were ready, but no container declares a port with the name `htp` of its \
              targetPort",
        advice: &[
            "point Service web-svc at port 8080, where its pods listen",
            "change line 73 to:",
            "          targetPort: 8080",
            "let the pods of web sleep 3 s before they are told to stop",
            "add below line 62:",
            "✓ tried out: with this too, 0 failed",
        ],
    },
    Mistake {
        name: "probe-unheard",
        written: [
            "              port: http\n            periodSeconds",
            "              port: 8081\n            periodSeconds",
        ],
        why: "the readiness probe in 3 pods of web:v1 asks port 8081, where nothing listens (the \
              program listens on 8080)",
        advice: &[
            "let the readiness probe of web ask port 8080, where its pods listen",
            "change line 61 to:",
            "                  port: 8080",
        ],
    },
    Mistake {
        name: "no-replicas",
        written: ["replicas: 3", "replicas: 0"],
        why: "no pod ever had the labels that the selector of default/web-svc asks for \
              (default/web has 0 replicas)",
        advice: &[],
    },
    Mistake {
        name: "wrong-label",
        written: ["  selector:\n    app: web\n  ports", "  selector:\n    app: wbe\n  ports"],
        why: "no pod ever had the labels that the selector of default/web-svc asks for",
        advice: &[
            "let Service web-svc select the pods there are",
            "change line 70 to:",
            "        app: web",
        ],
    },
];

/// Words of a text, without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn mistakes_are_named_with_what_to_write_and_where() {
    let folder = folder("advice");
    let whole = fs::read_to_string(scenario("rolling-update")).expect("it is there");
    for Mistake { name, written: [right, wrong], why, advice } in MISTAKES {
        assert!(whole.contains(right), "{name}");
        let path = write(&folder, &format!("{name}.yaml"), &whole.replacen(right, wrong, 1));
        let ran = rollsim(&["run", &path]).ended_with(99);
        let (_, conclusions) = ran.stdout.split_once("\nWHY\n").expect("it says why");
        assert!(flat(conclusions).contains(why), "{name}:\n{conclusions}");
        for line in *advice {
            // Long lines are broken, and those to write are not.
            let there = conclusions.contains(line) || flat(conclusions).contains(line);
            assert!(there, "{name} lacks {line:?}:\n{conclusions}");
        }
        assert_eq!(conclusions.contains("\nTRY\n"), !advice.is_empty(), "{name}:\n{conclusions}");
    }
}

/// A traffic policy is not wrong in itself, so that this scenario passes and has advice.
#[test]
fn a_policy_that_keeps_connections_on_empty_nodes_is_named() {
    let ran = rollsim(&["run", &scenario("internal-traffic-local")]).ended_with(0);
    assert!(ran.stdout.contains("      internalTrafficPolicy: Cluster\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("✓ tried out: with it, 0 failed"), "{}", ran.stdout);
}
