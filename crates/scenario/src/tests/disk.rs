use crate::*;
struct Disk;
impl Files for Disk {
    fn look(&self, path: &str) -> std::io::Result<Found> {
        if path == "-" {
            return Ok(Found::File);
        }
        if std::fs::metadata(path)?.is_dir() {
            return Ok(Found::Folder(
                std::fs::read_dir(path)?
                    .map(|e| e.unwrap().file_name().into_string().unwrap())
                    .collect(),
            ));
        }
        Ok(Found::File)
    }
    fn read(&self, path: &str, most: usize) -> std::io::Result<Vec<u8>> {
        let mut b = std::fs::read(path)?;
        b.truncate(most + 1);
        Ok(b)
    }
}
#[test]
fn adhoc() {
    let Ok(paths) = std::env::var("ADHOC") else { return };
    let paths: Vec<String> = paths.split(' ').map(str::to_owned).collect();
    let l = load(&paths, &Disk, &super::judge);
    println!("{}", render(&l.diagnostics, &l.sources, Style::Plain));
    println!("{:#?}", l.summary);
    if let Some(s) = &l.scenario {
        println!("{:#?}", (&s.name, s.duration, &s.clients, &s.timeline, &s.images));
        if std::env::var("FULL").is_ok() {
            println!("{s:#?}");
        }
    }
}
#[test]
fn conform() {
    let Ok(path) = std::env::var("CONFORM") else { return };
    // lines: case \t verdict \t json-manifest \t message
    let text = std::fs::read_to_string(path).unwrap();
    let mut bad = 0;
    for line in text.lines() {
        let p: Vec<&str> = line.split('\t').collect();
        let l = super::load_text(p[2]);
        let errs: Vec<String> =
            l.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.message.clone()).collect();
        let ok = errs.is_empty() == (p[1] == "accepted");
        if !ok {
            bad += 1;
            println!("MISMATCH {} want {}\n   api: {}\n   got: {:?}", p[0], p[1], p[3], errs);
        } else if !errs.is_empty() {
            for e in &errs {
                if !p[3].contains(e.as_str()) {
                    println!("DIFF {}\n   api: {}\n   got: {}", p[0], p[3], e);
                }
            }
        }
    }
    println!("{bad} mismatches");
}
