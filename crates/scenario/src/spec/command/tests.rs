use super::*;

fn shown(text: &str) -> String {
    let names = |targets: &Targets| match targets {
        Targets::All => "*".to_owned(),
        Targets::Named(words) => {
            words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
        }
    };
    let names_of = |words: Vec<Word>| names(&Targets::Named(words));
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
                Verb::Apply(files) => format!("apply {}", names_of(files)),
                Verb::DeletePod(labels) => format!("delete {}", labels.text),
                Verb::Delete(objects) => {
                    let objects = objects.iter().map(|(kind, name)| {
                        format!(" {}/{}", kind.to_string().to_lowercase(), name.text)
                    });
                    format!("delete{}", objects.collect::<String>())
                }
                Verb::DeleteNamespace(names) => format!("empty {}", names_of(names)),
            };
            let namespace = namespace.as_ref().map_or("default", |word| &word.text);
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
        ("delete service web", "default: delete service/web"),
        ("delete svc web api -n shop", "shop: delete service/web service/api"),
        ("delete svc/web services/api", "default: delete service/web service/api"),
        ("delete deployment web", "default: delete deployment/web"),
        ("delete deployments.apps/web", "default: delete deployment/web"),
        ("delete svc/web deploy/web", "default: delete service/web deployment/web"),
        ("delete namespace shop", "default: empty shop"),
        ("delete ns shop test", "default: empty shop test"),
        ("delete ns/shop namespaces/test", "default: empty shop test"),
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
        ("patch deployment/web -p '{}'", "0: `patch` cannot be rehearsed"),
        ("kubectl patch -f a.yaml --type=merge", "8: `patch` cannot be rehearsed"),
        ("set resources deploy/web --limits=cpu=1", "0: `set resources` cannot be rehearsed"),
        ("get pods -o wide", "0: `get` changes nothing"),
        ("patch -f", "0: `patch` cannot be rehearsed"),
        ("--context prod patch", "0: flag --context cannot be rehearsed"),
        ("delete --force pod -l a=b", "7: flag --force cannot be rehearsed"),
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
            "delete svc/web node/node-1",
            "15: `node` cannot be deleted here, only Services, Deployments and pods can",
        ),
        ("delete namespace", "16: the namespace's name is missing"),
        ("delete ns/", "10: the namespace's name is missing"),
        ("delete ns/shop svc/web", "15: `svc/web` is no namespace"),
        ("delete deployment", "17: the Deployment's name is missing"),
        ("delete node node-1", "0: `delete node` cannot be rehearsed"),
        ("apply -f", "6: flag -f needs a value"),
        ("set image 'deployment/web", "10: a quote is not closed"),
        ("rollout undo deployment/web --to-revision=x", "28: \"x\" is not a revision"),
    ];
    for (text, wanted) in cases {
        assert_eq!(shown(text), wanted, "{text}");
    }
}
