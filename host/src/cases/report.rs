//! What came of cases, for a person and for what runs them.

use serde_json::json;

use super::{Count, Failure, Outcome, Tried};
use crate::show::{BOLD, GREEN, PLAIN, RED, counted, unified_under, xml_escaped};

/// For a person: each case with its result, what failed in it, and a line that counts.
#[must_use]
pub fn as_text(tried: &[Tried], is_failures_only: bool, color: bool) -> String {
    let styled = |style: &str, text: &str| if color { format!("{style}{text}{PLAIN}") } else { text.to_owned() };
    let mut text = String::new();
    for file in tried {
        let shown = |case: &&Outcome| !is_failures_only || !case.failures.is_empty() || case.written.is_some();
        let cases: Vec<_> = file.cases.iter().filter(shown).collect();
        if cases.is_empty() && file.problems.is_empty() {
            continue;
        }
        text.push_str(&format!("{}\n", styled(BOLD, &file.path.display().to_string())));
        for problem in &file.problems {
            text.push_str(&format!("  {} {problem}\n", styled(RED, "MALFORMED")));
        }
        for case in cases {
            let failed = !case.failures.is_empty();
            let result = if failed { styled(RED, "FAIL") } else { styled(GREEN, "PASS") };
            let line = if failed { format!(" (line {})", case.line) } else { String::new() };
            text.push_str(&format!("  {result}  {}{line}\n", case.name));
            for failure in &case.failures {
                for line in written_out(failure, color).lines() {
                    text.push_str(&format!("        {line}\n"));
                }
            }
            if let Some(path) = &case.written {
                text.push_str(&format!("        wrote {}\n", path.display()));
            }
        }
    }
    let count = Count::of(tried);
    let style = if count.is_fine() { GREEN } else { RED };
    text.push_str(&format!("{}\n", styled(style, &sum(count))));
    text
}

/// For a program: the files with their cases as JSON.
#[must_use]
pub fn as_json(tried: &[Tried]) -> String {
    let case = |case: &Outcome| {
        let failures: Vec<_> = case.failures.iter().map(|failure| written_out(failure, false)).collect();
        json!({
            "name": case.name, "line": case.line, "passed": failures.is_empty(), "failures": failures,
            "written": case.written,
        })
    };
    let file = |file: &Tried| {
        let cases: Vec<_> = file.cases.iter().map(case).collect();
        json!({"file": file.path, "problems": file.problems, "cases": cases})
    };
    let Count { passed, failed, malformed, written } = Count::of(tried);
    let files: Vec<_> = tried.iter().map(file).collect();
    let report =
        json!({"passed": passed, "failed": failed, "malformed": malformed, "written": written, "files": files});
    format!("{report:#}\n")
}

/// For what shows test results in CI: JUnit's XML, a file a suite. A malformed file is a case that failed.
#[must_use]
pub fn as_junit(tried: &[Tried]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for file in tried {
        let path = escaped(&file.path.display().to_string());
        let malformed = (!file.problems.is_empty()).then(|| ("the file is readable", file.problems.join("\n")));
        let cases = file.cases.iter().map(|case| {
            let failures: Vec<_> = case.failures.iter().map(|failure| written_out(failure, false)).collect();
            (case.name.as_str(), failures.join("\n"))
        });
        let cases: Vec<_> = malformed.into_iter().chain(cases).collect();
        let failed = cases.iter().filter(|(_, failures)| !failures.is_empty()).count();
        text.push_str(&format!("  <testsuite name=\"{path}\" tests=\"{}\" failures=\"{failed}\">\n", cases.len()));
        for (name, failures) in cases {
            let name = escaped(name);
            text.push_str(&format!("    <testcase classname=\"{path}\" name=\"{name}\""));
            match failures.lines().next() {
                None => text.push_str("/>\n"),
                Some(first) => text.push_str(&format!(
                    ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                    escaped(first),
                    escaped(&failures)
                )),
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn written_out(failure: &Failure, color: bool) -> String {
    match &failure.difference {
        Some((wanted, found)) => {
            format!("{}\n{}", failure.what, unified_under(("expected", "found"), wanted, found, color))
        }
        None => failure.what.clone(),
    }
}

fn sum(count: Count) -> String {
    let Count { passed, failed, malformed, written } = count;
    let some = |number: usize, what: &str| if number == 0 { String::new() } else { format!(", {number} {what}") };
    let files = if malformed == 1 { "file malformed" } else { "files malformed" };
    format!(
        "{}: {passed} passed{}{}{}",
        counted(passed + failed, "case", "cases"),
        some(failed, "failed"),
        some(malformed, files),
        some(written, "written")
    )
}

/// A text as XML has it, without the control characters for which it has no spelling.
fn escaped(text: &str) -> String {
    xml_escaped(&text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), ""))
}
