//! What one file says of another is there: the sections of `docs/contract.md` that the code names, the files that hold
//! their tests, and what the Markdown pages link to.
//!
//! Each check is a function that lists what is wrong in a text, so that a test can also give it a text that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

const CONTRACT: &str = "docs/contract.md";
const GUARANTEES: &str = "docs/guarantees.md";

/// The Markdown pages whose links are checked, beside those in `docs/`.
const PAGES: [&str; 6] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "test_data/README.md",
    "test_data/cluster/README.md",
];

/// What Artifact Hub and `kwctl inspect` show, where a path leads nowhere.
const SHOWN_ELSEWHERE: [&str; 2] = ["README.md", "docs/usage.md"];

/// Where sections of the contract are named. This file is left out: its examples are wrong on purpose.
const CODE: [&str; 7] = ["src", "tests", "host/src", "host/tests", "fuzz/fuzz_targets", "fuzz/src", "generate/src"];
const THIS_FILE: &str = "tests/references.rs";

/// A file: its path, for messages, and its text.
struct File {
    path: String,
    text: String,
}

#[test]
fn every_reference_names_a_section() {
    let contract = read(CONTRACT).unwrap();
    let sections = sections(&contract.text);
    let wrong = referring().unwrap().iter().flat_map(|file| unknown_sections(file, &sections)).collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A number says nothing to a reader, and is another section's once one is added.
#[test]
fn no_reference_is_by_number() {
    let wrong = referring().unwrap().iter().flat_map(numbers).collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_reference_is_found() {
    let sections = BTreeSet::from(["Order", "Names, never values"]);
    for (text, wrong) in [
        ("(contract, \"Order\")", &[][..]),
        ("(contract, \"Names, never values\")", &[]),
        ("(contract, \"order\")", &["1: there is no section \"order\""]),
        ("/// see (contract,\n    /// \"Other\")", &["1: there is no section \"Other\""]),
        ("//! a\n//! (contract, \"Names, never\n//! values\")", &[]),
        ("(contract, \"Order\" and\n// \"That\")", &["1: there is no section \"That\""]),
        ("(contract, \"This\", \"Order\")", &["1: there is no section \"This\""]),
        (
            "\n(contract, \"This\")\n(contract, \"That\")",
            &["2: there is no section \"This\"", "3: there is no section \"That\""],
        ),
        ("the contract, and \"this\"", &[]),
    ] {
        let file = File { path: String::new(), text: text.to_owned() };
        let found = unknown_sections(&file, &sections);
        let found: Vec<_> = found.iter().map(|line| line.trim_start_matches(':')).collect();
        assert_eq!(found, wrong, "{text}");
    }
    for (text, count) in [
        ("(contract, 4.2)", 1),
        ("(contract, 4.2 to 4.5)", 1),
        ("//! (contract,\n//! 3)", 1),
        ("the contract, 3: a", 1),
        ("(contract, \"Order\")", 0),
        ("the contract, of 3", 0),
    ] {
        let file = File { path: String::new(), text: text.to_owned() };
        assert_eq!(numbers(&file).len(), count, "{text}");
    }
}

#[test]
fn every_section_names_its_tests() {
    let contract = read(CONTRACT).unwrap().text;
    let mut without = Vec::new();
    for section in contract.split("\n## ").skip(1) {
        let lines = section.lines().filter(|line| line.starts_with("Tests: `")).count();
        if lines != 1 {
            without.push(format!("{}: {lines} lines begin with Tests:", section.lines().next().unwrap_or_default()));
        }
    }
    assert!(without.is_empty(), "{}", without.join("\n"));
}

#[test]
fn the_files_that_hold_the_tests_are_there() {
    let contract = read(CONTRACT).unwrap();
    let named = test_files(&contract.text);
    let missing: BTreeSet<_> = named.into_iter().filter(|path| !root().join(path).is_file()).collect();
    assert!(missing.is_empty(), "{CONTRACT} names files that are not there: {missing:?}");
}

#[test]
fn files_of_tests_are_read_from_their_lines() {
    let text = "`not.rs`\n\nTests: `a/b.rs`, `c.yaml`\n\n## X\n\nTests: `d.rs`\n";
    assert_eq!(test_files(text), ["a/b.rs", "c.yaml", "d.rs"]);
}

#[test]
fn each_guarantee_names_tests_that_are_there() {
    let page = read(GUARANTEES).unwrap().text;
    let promises: Vec<_> = promises(&page).collect();
    assert!(promises.len() > 50, "found only {} promises", promises.len());
    let mut wrong = Vec::new();
    for (promise, tests) in promises {
        if tests.is_empty() {
            wrong.push(format!("nothing holds: {promise}"));
        }
        let files = tests.into_iter().map(|(link, name)| (normal(&Path::new("docs").join(link)).unwrap(), name));
        for (file, name) in files {
            let text = fs::read_to_string(root().join(&file)).unwrap_or_default();
            if !is_a_test(&text, name) {
                wrong.push(format!("{} has no test {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_section_of_the_contract_has_its_guarantees() {
    let (contract, page) = (read(CONTRACT).unwrap().text, read(GUARANTEES).unwrap().text);
    let expected: Vec<_> = contract
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| format!("### [{title}](contract.md#{})", slug(title)))
        .collect();
    let found: Vec<_> = page.lines().filter(|line| line.starts_with("### ")).collect();
    assert_eq!(found, expected);
}

#[test]
fn guarantees_are_read_from_their_rows() {
    let page = "| a | b |\n|---|---|\n| One | [x](../x.rs): `a`, `b`; [y](../y.rs): `c` |\n| Two `z` | nothing |\n\nno | `row`";
    let found: Vec<_> = promises(page).collect();
    let of_one = vec![("../x.rs", "a"), ("../x.rs", "b"), ("../y.rs", "c")];
    assert_eq!(found, [("One", of_one), ("Two `z`", vec![])]);

    let file = "#[test]\nfn one() {}\n\n    #[test]\n    #[ignore]\n    fn two() {}\n\nfn three() {}\n";
    assert_eq!(["one", "two", "three", "on"].map(|name| is_a_test(file, name)), [true, true, false, false]);
}

/// What each row of a table promises, and the tests that its second cell names, each with the link before it.
fn promises(page: &str) -> impl Iterator<Item = (&str, Vec<(&str, &str)>)> {
    let tables = page.split("\n|---|---|\n").skip(1);
    let rows = tables.flat_map(|table| table.lines().take_while(|line| !line.is_empty()));
    rows.filter_map(|row| row.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")).map(|(promise, held)| {
        let files = held.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        let tests = files.flat_map(|(link, rest)| rest.split('`').skip(1).step_by(2).map(move |name| (link, name)));
        (promise, tests.collect())
    })
}

/// Whether the text of a file has a test of this name.
fn is_a_test(text: &str, name: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    while lines.any(|line| line == "#[test]") {
        let function = lines.find(|line| !line.starts_with("#["));
        let rest = function.and_then(|line| line.strip_prefix("fn ")?.strip_prefix(name));
        if rest.is_some_and(|rest| rest.starts_with('(')) {
            return true;
        }
    }
    false
}

#[test]
fn every_link_leads_somewhere() {
    let mut pages = files_in("docs", "md").unwrap();
    pages.extend(PAGES.map(|page| read(page).unwrap()));
    let mut anchors = Anchors::default();
    let mut links = 0;
    let mut wrong = Vec::new();
    for page in &pages {
        for link in links_in(&page.text) {
            // Into the project, by its address on GitHub or by a path.
            let problem = match path_of(&link) {
                Some(path) => anchors.problem("", &path).map(|problem| page.path.clone() + &problem),
                None if is_absolute(&link) => continue,
                None if SHOWN_ELSEWHERE.contains(&&*page.path) => {
                    Some(format!("{}: {link} must be absolute", page.path))
                }
                None => anchors.problem(&page.path, &link),
            };
            links += 1;
            wrong.extend(problem);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The reference of the settings alone has more than a hundred: fewer, and this test no longer sees them.
    assert!(links > 100, "found only {links} links");
}

/// A comment names a file beside it, or by its path.
#[test]
fn the_files_that_manifests_speak_of_are_there() {
    let mut names = 0;
    let mut wrong = Vec::new();
    for manifest in files_in("deploy", "yaml").unwrap() {
        for name in files_of_comments(&manifest.text) {
            names += 1;
            if !root().join("deploy").join(name).is_file() && !root().join(name).is_file() {
                wrong.push(format!("{}: there is no {name}", manifest.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(names > 20, "found only {names} names");
    assert_eq!(files_of_comments("a: b.yaml\n# see a/b.yaml, c.md.\n- x # (d.json)\n"), ["a/b.yaml", "c.md", "d.json"]);
}

/// The files that comments in YAML name.
fn files_of_comments(text: &str) -> Vec<&str> {
    let comments = text.lines().filter_map(|line| line.split_once("# ")).map(|(_, comment)| comment);
    let words = comments.flat_map(|comment| comment.split(|c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c)));
    let names = words.map(|word| word.trim_end_matches('.'));
    names
        .filter(|name| [".yaml", ".md", ".json"].iter().any(|it| name.ends_with(it) && name.len() > it.len()))
        .collect()
}

#[test]
fn a_wrong_link_is_found() {
    let text = "[a](x.md) and [`b`](y.md#z \"title\"), ![c](<d.svg>)\n`[e](f)` [g](https://h) [i](mailto:j)\n\n[k]: l.md\n\n\
        ```\n[m](n)\n```\n\n[o](#p)";
    assert_eq!(links_in(text), ["x.md", "y.md#z", "d.svg", "https://h", "mailto:j", "#p", "l.md"]);

    for (link, path) in [
        ("/blob/main/docs/contract.md#order", Some("docs/contract.md#order")),
        ("/tree/main/deploy", Some("deploy")),
        ("", None),
        ("/issues", None),
    ] {
        assert_eq!(path_of(&format!("{REPOSITORY}{link}")).as_deref(), path, "{link}");
    }
    let raw = REPOSITORY.replace("github.com", "raw.githubusercontent.com");
    assert_eq!(path_of(&format!("{raw}/main/docs/cost.svg")).as_deref(), Some("docs/cost.svg"));
    assert_eq!(path_of("https://example.org/blob/main/x"), None);

    let mut anchors = Anchors::default();
    for (link, is_right) in [
        ("contract.md", true),
        ("../README.md#limits", true),
        ("../src", true),
        ("contract.md#names-never-values", true),
        ("settings.md#settings-dependencies", true),
        ("#settings-checks", true),
        ("contracts.md", false),
        ("contract.md#Order", false),
        ("#nowhere", false),
        ("../../README.md", false),
    ] {
        let problem = anchors.problem(CONTRACT, link);
        assert_eq!(problem.is_none(), is_right, "{link}: {problem:?}");
    }
}

#[test]
fn anchors_are_those_of_github() {
    let text = "# One `two`\n## Names, never values\n### <a id=\"x-Y\"></a>`z_z` [a](b) & æ\n## One two\n```\n# no\n```\n\
        <a id=\"id\"></a>**B**:\n#no";
    let expected = ["id", "names-never-values", "one-two", "one-two-1", "x-Y", "z_z-a--æ"];
    assert_eq!(anchors_in(text), expected.map(str::to_owned).into());
}

/// The titles of the sections of the contract.
fn sections(contract: &str) -> BTreeSet<&str> {
    contract.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}

/// The files in which sections of the contract may be named.
fn referring() -> io::Result<Vec<File>> {
    let mut files = files_in("docs", "md")?;
    for folder in CODE {
        files.extend(files_in(folder, "rs")?);
    }
    files.retain(|file| file.path != THIS_FILE);
    if files.len() < 20 {
        return Err(io::Error::other(format!("only {} files are found", files.len())));
    }
    Ok(files)
}

/// What stands behind each `contract,` in `text`, and at which line.
fn references(text: &str) -> impl Iterator<Item = (usize, &str)> {
    const WORD: &str = "contract,";
    text.match_indices(WORD).map(|(at, _)| {
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        (line, past_comment(text.get(at + WORD.len()..).unwrap_or_default()))
    })
}

/// `text` without the white space at its start, and without the slashes by which a comment goes on in the next line.
fn past_comment(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(comment) = ["//!", "///", "//"].iter().find_map(|slashes| rest.strip_prefix(slashes)) {
        rest = comment.trim_start();
    }
    rest
}

/// A line for each section that `file` names and that is none: `contract, "A"`, and `"B"` in `contract, "A" and "B"`.
fn unknown_sections(file: &File, sections: &BTreeSet<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (line, mut rest) in references(&file.text) {
        while let Some((title, behind)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
            let title = title.lines().map(|line| past_comment(line).trim_end()).collect::<Vec<_>>().join(" ");
            if !sections.contains(&*title) {
                wrong.push(format!("{}:{line}: there is no section \"{title}\"", file.path));
            }
            rest = past_comment(behind);
            let joined = [",", "and ", "to ", "or ", "and\n", "to\n", "or\n"];
            rest = joined.iter().find_map(|word| rest.strip_prefix(word)).map_or("", past_comment);
        }
    }
    wrong
}

/// A line for each reference in `file` that is a number.
fn numbers(file: &File) -> Vec<String> {
    references(&file.text)
        .filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
        .map(|(line, _)| format!("{}:{line}: names a section of the contract by its number", file.path))
        .collect()
}

/// The paths in the lines that begin with `Tests:`.
fn test_files(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("Tests:")).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The path in the project to which an absolute link leads, with the anchor.
fn path_of(link: &str) -> Option<String> {
    let raw = REPOSITORY.replace("github.com", "raw.githubusercontent.com");
    let begins = [format!("{REPOSITORY}/blob/main/"), format!("{REPOSITORY}/tree/main/"), format!("{raw}/main/")];
    begins.iter().find_map(|begin| link.strip_prefix(begin.as_str())).map(str::to_owned)
}

fn is_absolute(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// The targets of the links in a Markdown page.
fn links_in(text: &str) -> Vec<String> {
    let text = without_code(text);
    let inline = text.split("](").skip(1).map(|rest| rest.split([')', ' ', '\n']).next().unwrap_or_default());
    let defined = text.lines().filter(|line| line.starts_with('[')).filter_map(|line| line.split_once("]: "));
    inline
        .chain(defined.map(|(_, target)| target.split(' ').next().unwrap_or_default()))
        .map(|target| target.trim_start_matches('<').trim_end_matches('>').to_owned())
        .collect()
}

/// A Markdown page without what is code in it, in which nothing is a link: fenced blocks, and spans within a paragraph.
fn without_code(text: &str) -> String {
    let mut out = String::new();
    for paragraph in without_fences(text).split("\n\n") {
        for (at, part) in paragraph.split('`').enumerate() {
            out.push_str(if at % 2 == 0 { part } else { "" });
        }
        out.push_str("\n\n");
    }
    out
}

fn without_fences(text: &str) -> String {
    let mut is_code = false;
    let mut out = String::new();
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if !is_fence && !is_code {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

/// The anchors of the pages that were looked at, by path.
#[derive(Default)]
struct Anchors(BTreeMap<PathBuf, BTreeSet<String>>);

impl Anchors {
    /// What is wrong with `link` in the page at `page`; `None` where it leads somewhere.
    fn problem(&mut self, page: &str, link: &str) -> Option<String> {
        let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
        let target = match path {
            "" => Some(PathBuf::from(page)),
            _ => normal(&Path::new(page).parent().unwrap_or(Path::new("")).join(path)),
        };
        let Some(target) = target.filter(|target| root().join(target).exists()) else {
            return Some(format!("{page}: {link} is not a file"));
        };
        let anchor = anchor?;
        let anchors = self.0.entry(target).or_insert_with_key(|target| {
            fs::read_to_string(root().join(target)).map(|text| anchors_in(&text)).unwrap_or_default()
        });
        (!anchors.contains(anchor)).then(|| format!("{page}: {link} is not a heading or anchor of its file"))
    }
}

/// `path` without `.` and `..`; `None` where it leaves the repository.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::CurDir => {}
            Component::ParentDir => normal.pop().then_some(())?,
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(normal)
}

/// What a link into a Markdown page can name: its headings, as GitHub turns them into anchors, and every `<a id="...">`.
fn anchors_in(text: &str) -> BTreeSet<String> {
    let text = without_fences(text);
    let mut anchors = BTreeSet::new();
    for heading in
        text.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')))
    {
        let slug = slug(heading);
        // The second of one name is `name-1`.
        let numbered = (1..).map(|number| format!("{slug}-{number}"));
        if let Some(free) = std::iter::once(slug.clone()).chain(numbered).find(|slug| !anchors.contains(slug)) {
            anchors.insert(free);
        }
    }
    let explicit = text.split("<a id=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    anchors.extend(explicit.map(|(id, _)| id.to_owned()));
    anchors
}

/// A heading as GitHub turns it into an anchor: its text in lower case, with hyphens for spaces, without other marks.
fn slug(heading: &str) -> String {
    let mut slug = String::new();
    let mut until = None;
    let mut before = ' ';
    for c in heading.trim().chars() {
        match (until, c) {
            // Tags, and the target of a link.
            (Some(end), c) if c == end => until = None,
            (Some(_), _) => {}
            (None, '<') => until = Some('>'),
            (None, '(') if before == ']' => until = Some(')'),
            (None, ' ') => slug.push('-'),
            (None, c) if c.is_alphanumeric() || matches!(c, '-' | '_') => slug.extend(c.to_lowercase()),
            (None, _) => {}
        }
        before = c;
    }
    slug
}

/// Every file below `folder` whose name ends in `extension`; none where the folder is not there.
fn files_in(folder: &str, extension: &str) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !root().join(&folder).is_dir() {
            continue;
        }
        for entry in fs::read_dir(root().join(&folder))? {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if Path::new(&path).extension().is_some_and(|it| it == extension) {
                files.push(read(&path)?);
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn read(path: &str) -> io::Result<File> {
    let text = fs::read_to_string(root().join(path)).map_err(|error| io::Error::other(format!("{path}: {error}")))?;
    Ok(File { path: path.to_owned(), text })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
