//! How things are spelt: long names, escapes, members that stand there more than once, names with the same hash, numbers
//! of many digits.

use crate::payloads::{
    Request, container, create, each, notebook, one, ours, quoted, registry, theirs, update, with_env,
};
use crate::{ACCEPTED, DENIED, Kind};

/// The same JSON, each character of each string escaped.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 6);
    let mut is_string = false;
    let mut chars = json.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                is_string = !is_string;
                out.push('"');
            }
            '\\' => {
                out.push(char);
                out.extend(chars.next());
            }
            _ if is_string => out.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => out.push(char),
        }
    }
    out
}

/// A record that owns these keys of the main container, or of the place that is meant.
fn record(place: &str, keys: &str) -> String {
    let record = format!(r#"{{"d-00000":{{"added":{{"{place}":[{keys}]}},"hash":"01"}}}}"#);
    format!(r#""mutatingflow.nais.io/injected":{}"#, quoted(&record))
}

pub fn kinds() -> Vec<Kind> {
    let mut kinds = escapes();
    kinds.extend(long_names());
    kinds.extend(many_times());
    kinds.extend(same_hashes());
    kinds.extend(numbers());
    kinds
}

fn escapes() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for request in Request::ALL {
        kinds.push(Kind::new(format!("everything escaped: {request:?}"), 125, move |count| {
            let settings = one(&format!(r#""env":[{}],"onConflict":"Override""#, each(count, ours)));
            escaped(&request.about("", &with_env(&each(count, theirs)), &settings))
        }));
        kinds.push(Kind::new(format!("the new object escaped: {request:?}"), 250, move |count| {
            let settings = one(&format!(r#""env":[{}],"onConflict":"Override""#, each(count, ours)));
            let payload = request.about("", &with_env(&each(count, theirs)), &settings);
            let (before, object) = payload.split_once(r#""object":"#).expect("an object");
            let end = object.find(r#","oldObject""#).or_else(|| object.find(r#","operation""#)).expect("more");
            let (object, behind) = object.split_at(end);
            [before, r#""object":"#, &escaped(object), behind].concat()
        }));
        kinds.push(Kind::new(format!("a record escaped: {request:?}"), 250, move |count| {
            let record =
                escaped(&record("env/nb", &each(count, |at| escaped(&format!(r#""V-{at}""#)).replace('\\', "\\\\"))));
            let settings = one(&format!(r#""env":[{}],"onConflict":"Override""#, each(count, ours)));
            request.about(&record, &with_env(&each(count, theirs)), &settings)
        }));
    }
    for (what, text) in [
        ("backslashes", r"\\"),
        ("line feeds", r"\n"),
        ("pairs", r"\ud83d\ude00"),
        ("half pairs", r"\ud83d"),
        ("quotes", r#"\""#),
        ("controls", r"\u0001"),
        ("wide characters", "\u{10ffff}"),
    ] {
        kinds.push(Kind::new(format!("a value of {what}"), 5_000, move |count| {
            let value = text.repeat(count);
            let settings = one(&format!(r#""env":[{{"name":"A","value":"{value}"}}],"onConflict":"Override""#));
            create(&notebook("", &with_env(&format!(r#"{{"name":"A","value":"{value}x"}}"#))), &settings)
        }));
        kinds.push(
            Kind::new(format!("a name of {what}"), 5_000, move |count| {
                let name = text.repeat(count);
                let settings = one(&format!(r#""env":[{{"name":"{name}","value":"ours"}}]"#));
                create(&notebook("", &with_env(&format!(r#"{{"name":"{name}","value":"theirs"}}"#))), &settings)
            })
            .says(DENIED),
        );
        kinds.push(
            Kind::new(format!("a container called {what}"), 5_000, move |count| {
                let spec = format!(r#""containers":[{{"env":[{}],"name":"{}"}}]"#, theirs(0), text.repeat(count));
                create(&notebook("", &spec), &one(&format!(r#""env":[{}]"#, ours(0))))
            })
            .says(DENIED),
        );
    }
    kinds
}

fn long_names() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (on_conflict, says) in [("Reject", DENIED), ("Keep", ACCEPTED), ("Override", ACCEPTED)] {
        let settings = move |env: &str| one(&format!(r#""env":[{env}],"onConflict":"{on_conflict}""#));
        kinds.push(
            Kind::new(format!("conflicts in a container with a long name: {on_conflict}"), 500, move |count| {
                let spec = format!(
                    r#""containers":[{{"env":[{}],"name":"{}"}}]"#,
                    each(count, theirs),
                    "n".repeat(count * 40)
                );
                create(&notebook("", &spec), &settings(&each(count, ours)))
            })
            .says(says),
        );
        kinds.push(
            Kind::new(format!("a conflict in many containers with long names: {on_conflict}"), 5_000, move |count| {
                let length = count.isqrt();
                let named = |at| format!(r#"{{"env":[{}],"name":"{at:0>length$}"}}"#, theirs(0));
                let settings = one(&format!(r#""containers":"All","env":[{}],"onConflict":"{on_conflict}""#, ours(0)));
                create(&notebook("", &format!(r#""containers":[{}]"#, each(length, named))), &settings)
            })
            .says(says),
        );
        kinds.push(
            Kind::new(format!("a conflict in a long name: {on_conflict}"), 25_000, move |count| {
                let variable = |value| format!(r#"{{"name":"{}","value":"{value}"}}"#, "n".repeat(count));
                create(&notebook("", &with_env(&variable("theirs"))), &settings(&variable("ours")))
            })
            .says(says),
        );
    }
    kinds.extend(Kind::thrice("a long name of the object", 25_000, |request, count| {
        let settings = one(r#""env":[{"name":"A","value":"{name}"},{"name":"B","value":"{namespace}/{name}"}]"#);
        request.about("", &container(""), &settings).replace(r#""nb""#, &format!(r#""{}""#, "n".repeat(count)))
    }));
    kinds.extend(Kind::thrice("the object's name in many values", 500, |request, count| {
        let env = each(count, |at| format!(r#"{{"name":"V-{at}","value":"{{name}}{{name}}{{{{name}}}}"}}"#));
        request.about("", &container(""), &one(&format!(r#""env":[{env}]"#)))
    }));
    kinds.extend(Kind::thrice("braces that are no placeholders", 25_000, |request, count| {
        let settings = one(&format!(r#""env":[{{"name":"A","value":"{}"}}]"#, "{name".repeat(count / 5)));
        request.about("", &container(""), &settings)
    }));
    kinds.extend(Kind::thrice("a long key of an annotation", 25_000, |request, count| {
        request.about(&format!(r#""{}":"x""#, "n".repeat(count)), &container(""), &registry())
    }));
    kinds.extend(Kind::thrice("long keys of a record", 10_000, |request, count| {
        let key = "n".repeat(count);
        request.about(&record(&format!("env/{key}"), &format!(r#""{key}""#)), &container(""), &registry())
    }));
    kinds.extend(Kind::thrice("a long member of a container", 25_000, |request, count| {
        let settings = one(&format!(r#""env":[{}]"#, ours(0)));
        request.about("", &container(&format!(r#""{}":1"#, "n".repeat(count))), &settings)
    }));
    kinds
}

/// Members that stand there more than once: of these the last counts.
fn many_times() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (name, member) in [
        ("containers", r#""containers":[{"env":[{"name":"A"}],"name":"nb"}]"#),
        ("volumes", r#""volumes":[{"name":"v"}]"#),
        ("nodeSelector", r#""nodeSelector":{"a":"b"}"#),
        ("serviceAccountName", r#""serviceAccountName":"a""#),
    ] {
        kinds.extend(Kind::thrice(&format!("{name}, many times"), 500, move |request, count| {
            let spec = format!("{},{}", each(count, |_| member.to_owned()), container(""));
            request.about("", &spec, &of_one())
        }));
    }
    for (name, member) in [
        ("env", r#""env":[{"name":"A"}]"#),
        ("name", r#""name":"nb""#),
        ("volumeMounts", r#""volumeMounts":[{"mountPath":"/a","name":"a"}]"#),
    ] {
        kinds.extend(Kind::thrice(&format!("{name} of a container, many times"), 500, move |request, count| {
            request.about("", &container(&each(count, |_| member.to_owned())), &of_one())
        }));
    }
    kinds.extend(Kind::thrice("the record, many times", 250, |request, count| {
        request.about(&each(count, |_| record("env/nb", r#""A""#)), &container(""), &of_one())
    }));
    kinds.extend(Kind::thrice("one annotation, many times", 500, |request, count| {
        request.about(&each(count, |_| r#""a":"b""#.to_owned()), &container(""), &of_one())
    }));
    kinds.extend(Kind::thrice("one dependency of a record, many times", 250, |request, count| {
        let part = r#""d-00000":{"added":{"env/nb":["A"]},"hash":"01"}"#;
        let record = quoted(&format!("{{{}}}", each(count, |_| part.to_owned())));
        request.about(&format!(r#""mutatingflow.nais.io/injected":{record}"#), &container(""), &of_one())
    }));
    kinds.extend(Kind::thrice("one place of a record, many times", 250, |request, count| {
        let place = r#""env/nb":["A"]"#;
        let part = format!(r#"{{"d-00000":{{"added":{{{}}},"hash":"01"}}}}"#, each(count, |_| place.to_owned()));
        let record = format!(r#""mutatingflow.nais.io/injected":{}"#, quoted(&part));
        request.about(&record, &container(""), &of_one())
    }));
    for member in ["metadata", "object", "settings"] {
        kinds.push(Kind::new(format!("{member}, many times"), 125, move |count| {
            let payload = Request::Create.about("", &container(""), &of_one());
            let again = match member {
                "metadata" => r#""metadata":{"name":"nb","annotations":{"a":"b"}},"#.repeat(count),
                "object" => format!(r#""object":{},"#, notebook("", &container(""))).repeat(count),
                _ => format!(r#""settings":{},"#, of_one()).repeat(count),
            };
            payload.replacen(&format!(r#""{member}":"#), &format!(r#"{again}"{member}":"#), 1)
        }));
    }
    kinds.push(Kind::new("one dependency of the settings, many times", 250, |count| {
        let again = format!(r#""d-00000":{{"env":[{}]}},"#, ours(0)).repeat(count);
        let settings = settings_with(&again);
        create(&notebook("", &container("")), &settings)
    }));
    kinds.push(Kind::new("one dependency in the list, many times", 500, |count| {
        let settings =
            settings_with("").replace(r#"["d-00000"]"#, &format!("[{}]", each(count, |_| r#""d-00000""#.to_owned())));
        create(&notebook("", &container("")), &settings)
    }));
    kinds
}

/// Settings of one dependency that adds a variable and a label.
fn of_one() -> String {
    one(&format!(r#""env":[{}],"labels":{{"l":"ours"}}"#, ours(0)))
}

fn settings_with(members: &str) -> String {
    one(&format!(r#""env":[{}]"#, ours(0))).replacen(
        r#""dependencies":{"#,
        &format!(r#""dependencies":{{{members}"#),
        1,
    )
}

/// How FxHash takes in a word of 64 bits.
fn mixed(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// Names of 16 bytes with the same FxHash: the second word makes good what the first one changed.
fn words_with_one_hash(count: usize) -> Vec<String> {
    let first = u64::from_le_bytes(*b"aaaaaaaa");
    let second = u64::from_le_bytes(*b"bbbbbbbb");
    let other_half = |word| second ^ mixed(0, first).rotate_left(5) ^ mixed(0, word).rotate_left(5);
    let words = (0u64..).map(|at| {
        let digits = (0..8).map(|digit| (b'a' + (at >> (digit * 4) & 15) as u8) as u64);
        digits.enumerate().fold(0, |word, (at, digit)| word | digit << (at * 8))
    });
    let pairs = words.map(|word| [word, other_half(word)]);
    let pairs = pairs.inspect(|[one, two]| assert_eq!(mixed(mixed(0, *one), *two), mixed(mixed(0, first), second)));
    let pairs = pairs.map(|pair| pair.map(u64::to_le_bytes).concat());
    pairs.filter(|bytes| bytes.is_ascii()).filter_map(|bytes| String::from_utf8(bytes).ok()).take(count).collect()
}

/// Names of 16 bytes with the same hash by version 2 of rustc-hash, where a pointer has 32 bits: half of the first word
/// is the seed, and so a quarter of the name counts for nothing.
fn names_with_one_hash(count: usize) -> Vec<String> {
    let letters = |at: usize| (0..4).map(move |digit| (b'a' + (at >> (digit * 4) & 15) as u8) as char);
    (0..count).map(|at| ["abc\u{88}j?$", &letters(at).collect::<String>(), "tail"].concat()).collect()
}

fn same_hashes() -> Vec<Kind> {
    type Names = fn(usize) -> Vec<String>;
    let names: [(&str, Names); 2] = [("FxHash", words_with_one_hash), ("rustc-hash 2", names_with_one_hash)];
    let mut kinds = Vec::new();
    for (hash, names) in names {
        let variables = move |count, value: &str| {
            let names = names(count);
            each(count, |at| format!(r#"{{"name":{},"value":"{value}"}}"#, quoted(&names[at])))
        };
        let keys = move |count| {
            let names = names(count);
            each(count, |at| quoted(&names[at]))
        };
        kinds.extend(Kind::thrice(&format!("variables with one {hash}"), 250, move |request, count| {
            request.about(
                "",
                &with_env(&variables(count, "theirs")),
                &one(&format!(r#""env":[{}]"#, each(count, ours))),
            )
        }));
        kinds.extend(Kind::thrice(&format!("keys of a record with one {hash}"), 250, move |request, count| {
            let settings = one(&format!(r#""env":[{}]"#, each(count, ours)));
            request.about(&record("env/nb", &keys(count)), &with_env(&variables(count, "theirs")), &settings)
        }));
        kinds.extend(Kind::thrice(&format!("containers with one {hash}"), 250, move |request, count| {
            let spec = format!(r#""containers":[{}]"#, variables(count, "x"));
            request.about("", &spec, &one(&format!(r#""containers":"All","env":[{}]"#, ours(0))))
        }));
        kinds.extend(Kind::thrice(&format!("labels of nodes with one {hash}"), 250, move |request, count| {
            let names = names(count);
            let theirs = each(count, |at| format!(r#"{}:"x""#, quoted(&names[at])));
            let settings = one(&format!(r#""nodeSelector":{{{}}}"#, each(count, |at| format!(r#""n-{at}":"x""#))));
            request.about("", &format!(r#"{},"nodeSelector":{{{theirs}}}"#, container("")), &settings)
        }));
        kinds.extend(Kind::thrice(&format!("places of a record with one {hash}"), 250, move |request, count| {
            let names = names(count);
            let places = each(count, |at| format!(r#"{}:["A"]"#, quoted(&names[at])));
            let record = quoted(&format!(r#"{{"d-00000":{{"added":{{{places}}},"hash":"01"}}}}"#));
            let settings = one(&format!(r#""env":[{}]"#, ours(0)));
            request.about(&format!(r#""mutatingflow.nais.io/injected":{record}"#), &container(""), &settings)
        }));
        kinds.extend(Kind::thrice(&format!("dependencies of a record with one {hash}"), 250, move |request, count| {
            let names = names(count);
            let part = |at: usize| format!(r#"{}:{{"added":{{"env/nb":["A"]}},"hash":"01"}}"#, quoted(&names[at]));
            let record = quoted(&format!("{{{}}}", each(count, part)));
            request.about(&format!(r#""mutatingflow.nais.io/injected":{record}"#), &container(""), &registry())
        }));
    }
    kinds
}

/// Numbers, and what stands for one.
fn numbers() -> Vec<Kind> {
    let mut kinds = Vec::new();
    type Spelling = fn(usize) -> String;
    let spellings: [(&str, Spelling, Spelling); 6] = [
        ("many digits", |count| "1".repeat(count), |count| format!("{}2", "1".repeat(count - 1))),
        ("many zeros", |count| format!("1{}", "0".repeat(count)), |count| format!("1e{count}")),
        ("many decimals", |count| format!("0.{}1", "0".repeat(count)), |count| format!("1e-{count}")),
        (
            "a large exponent",
            |count| format!("{}e999999999", "1".repeat(count)),
            |count| format!("{}e999999998", "1".repeat(count)),
        ),
        (
            "an exponent of many digits",
            |count| format!("1e{}", "9".repeat(count)),
            |count| format!("1e-{}", "9".repeat(count)),
        ),
        ("many leading zeros", |count| format!("{}1", "0".repeat(count)), |_| "1".to_owned()),
    ];
    for (what, one_spelling, other) in spellings {
        for (place, before, behind) in
            [("a quantity", r#""resources":{"limits":{"cpu":""#, r#""}}"#), ("an unknown number", r#""x":["#, "]")]
        {
            if what == "many leading zeros" && place == "an unknown number" {
                continue;
            }
            kinds.push(Kind::new(format!("{place} with {what}"), 12_500, move |count| {
                let at = |number: String| notebook("", &container(&[before, &number, behind].concat()));
                let settings = one(&format!(r#""env":[{}]"#, ours(0)));
                update(&at(one_spelling(count)), &at(other(count)), &settings)
            }));
        }
        kinds.push(Kind::new(format!("many quantities with {what}"), 5_000, move |count| {
            let count = count.isqrt();
            let at = |spelling: Spelling| {
                let limits = each(count, |at| format!(r#""r-{at}":"{}""#, spelling(count)));
                notebook("", &container(&format!(r#""resources":{{"limits":{{{limits}}}}}"#)))
            };
            update(&at(one_spelling), &at(other), &one(&format!(r#""env":[{}]"#, ours(0))))
        }));
    }
    kinds
}
