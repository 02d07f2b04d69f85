//! `cargo xtask docs`: the registry's pages, from the provider's own schema and `examples/`.
//!
//! The layout is that of tfplugindocs, which itself can only build providers written in Go. Guides are written by hand.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::cli::{self, Cli};
use crate::examples::REQUIRED_PROVIDERS;
use crate::shell::{self, Result, binary, cargo, output, root};
use crate::tools;

/// Renders all pages into `docs/`.
pub(crate) fn write() -> Result<()> {
    for (path, text) in pages()? {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)
                .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        }
        fs::write(&path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("{}", shown(&path));
    }
    Ok(())
}

/// Compares all pages with what is in `docs/`, and shows where they differ.
pub(crate) fn check() -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in pages()? {
        let there = fs::read_to_string(&path).unwrap_or_default();
        if there != text {
            println!("{}:", shown(&path));
            print!("{}", difference(&there, &text));
            stale.push(shown(&path));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "pages differ from the schema and the examples: {}; run cargo xtask docs",
        stale.join(", ")
    ))
}

/// The lines that differ between what both texts begin and end with.
fn difference(there: &str, here: &str) -> String {
    let (mut there, mut here): (Vec<_>, Vec<_>) = (there.lines().collect(), here.lines().collect());
    let same = there
        .iter()
        .zip(&here)
        .take_while(|(there, here)| there == here)
        .count();
    there.drain(..same);
    here.drain(..same);
    while let (Some(last), Some(other)) = (there.last(), here.last())
        && last == other
    {
        there.pop();
        here.pop();
    }
    let mut difference = format!("@@ line {} @@\n", same + 1);
    for (sign, lines) in [('-', there), ('+', here)] {
        for line in lines {
            let _ = writeln!(difference, "{sign}{line}");
        }
    }
    difference
}

fn pages() -> Result<BTreeMap<PathBuf, String>> {
    shell::run(cargo().args([
        "build",
        "--quiet",
        "--all-features",
        "--bin",
        "terraform-provider-cams",
    ]))?;
    let schema = schema()?;
    let docs = root().join("docs");
    let mut pages = BTreeMap::new();
    pages.insert(docs.join("index.md"), index(&schema["provider"])?);
    for (name, resource) in schema["resource_schemas"].as_object().into_iter().flatten() {
        let short = name.strip_prefix("cams_").unwrap_or(name);
        pages.insert(
            docs.join("resources").join(format!("{short}.md")),
            page(name, resource)?,
        );
    }
    Ok(pages)
}

/// What the CLI says of the provider as built.
fn schema() -> Result<Value> {
    let terraform = tools::terraform()?;
    let directory =
        tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
    let main = directory.path().join("main.tf");
    fs::write(&main, REQUIRED_PROVIDERS)
        .map_err(|error| format!("cannot write {}: {error}", main.display()))?;
    let provider = binary("debug", "terraform-provider-cams");
    let binaries = provider.parent().ok_or("the provider has no directory")?;
    let cli = Cli::with_override(&terraform, directory.path(), binaries)?;
    let text = output(&mut cli.command(&["providers", "schema", "-json"]))?;
    let all: Value = serde_json::from_str(&text)
        .map_err(|error| format!("the CLI's schema is no JSON: {error}"))?;
    Ok(all["provider_schemas"][cli::address(&terraform)].clone())
}

fn index(schema: &Value) -> Result<String> {
    let description = text(&schema["block"], "description");
    let mut page = format!(
        "---\npage_title: \"Provider: CAMS\"\ndescription: |-\n  {description}\n---\n\n# CAMS Provider\n\n{description}\n\n\
         ## Example Usage\n\n{}\n",
        example("provider/provider.tf", "terraform")?
    );
    attributes(&mut page, &schema["block"]);
    Ok(page)
}

fn page(name: &str, schema: &Value) -> Result<String> {
    let description = text(&schema["block"], "description");
    let first = description.lines().next().unwrap_or_default();
    let mut page = format!(
        "---\npage_title: \"{name} Resource - CAMS\"\nsubcategory: \"\"\ndescription: |-\n  {first}\n---\n\n\
         # {name} (Resource)\n\n{description}\n\n## Example Usage\n\n{}\n",
        example(&format!("resources/{name}/resource.tf"), "terraform")?
    );
    for more in more_examples(name)? {
        let _ = writeln!(page, "{more}");
    }
    attributes(&mut page, &schema["block"]);
    let _ = write!(
        page,
        "\n## Import\n\nImport is supported using the following syntax:\n\n\
         With Terraform v1.12.0 and later, the [`import` block](https://developer.hashicorp.com/terraform/language/import) can name the identity:\n\n{}\n\
         With Terraform v1.5.0 and later, it can name the id:\n\n{}\n\
         The [`terraform import` command](https://developer.hashicorp.com/terraform/cli/commands/import) takes the id:\n\n{}",
        example(
            &format!("resources/{name}/import-by-identity.tf"),
            "terraform"
        )?,
        example(
            &format!("resources/{name}/import-by-string-id.tf"),
            "terraform"
        )?,
        example(&format!("resources/{name}/import.sh"), "shell")?,
    );
    Ok(page)
}

/// Examples beside the first, each under the title in its first comment.
fn more_examples(name: &str) -> Result<Vec<String>> {
    let directory = root().join("examples/resources").join(name);
    let files = fs::read_dir(&directory)
        .map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let mut names: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter(|file| file.starts_with("resource_") && file.ends_with(".tf"))
        .collect();
    names.sort();
    let mut examples = Vec::new();
    for file in names {
        let path = directory.join(&file);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let (title, rest) = text
            .split_once('\n')
            .ok_or_else(|| format!("{} has no title", path.display()))?;
        let title = title.trim_start_matches(['#', ' ']);
        examples.push(format!(
            "### {title}\n\n```terraform\n{}```\n",
            rest.trim_start()
        ));
    }
    Ok(examples)
}

fn example(path: &str, language: &str) -> Result<String> {
    let path = root().join("examples").join(path);
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    Ok(format!("```{language}\n{text}```\n"))
}

fn attributes(page: &mut String, block: &Value) {
    page.push_str("<!-- schema generated by cargo xtask docs -->\n## Schema\n");
    let all = block["attributes"].as_object().cloned().unwrap_or_default();
    let mut nested = VecDeque::new();
    group(page, "### Required", &all, "", &mut nested, |attribute| {
        flag(attribute, "required")
    });
    group(page, "### Optional", &all, "", &mut nested, |attribute| {
        flag(attribute, "optional")
    });
    let read_only =
        |attribute: &Value| !flag(attribute, "required") && !flag(attribute, "optional");
    group(page, "### Read-Only", &all, "", &mut nested, read_only);
    while let Some((path, attribute)) = nested.pop_front() {
        let _ = write!(
            page,
            "\n<a id=\"nestedatt--{}\"></a>\n### Nested Schema for `{path}`\n",
            path.replace('.', "--")
        );
        let inner = attribute["nested_type"]["attributes"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        group(page, "Required:", &inner, &path, &mut nested, |attribute| {
            flag(attribute, "required")
        });
        group(page, "Optional:", &inner, &path, &mut nested, |attribute| {
            flag(attribute, "optional")
        });
        group(page, "Read-Only:", &inner, &path, &mut nested, read_only);
    }
}

fn group(
    page: &mut String,
    title: &str,
    attributes: &Map<String, Value>,
    path: &str,
    nested: &mut VecDeque<(String, Value)>,
    belongs: impl Fn(&Value) -> bool,
) {
    let members: Vec<_> = attributes
        .iter()
        .filter(|(_, attribute)| belongs(attribute))
        .collect();
    if members.is_empty() {
        return;
    }
    let _ = write!(page, "\n{title}\n\n");
    for (name, attribute) in members {
        let mut kind = vec![type_name(attribute)];
        if flag(attribute, "sensitive") {
            kind.push("Sensitive".to_owned());
        }
        if flag(attribute, "write_only") {
            kind.push("Write-only".to_owned());
        }
        let _ = write!(
            page,
            "- `{name}` ({}) {}",
            kind.join(", "),
            text(attribute, "description")
        );
        if attribute["nested_type"].is_object() {
            let inner = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            let _ = write!(
                page,
                " (see [below for nested schema](#nestedatt--{}))",
                inner.replace('.', "--")
            );
            nested.push_back((inner, attribute.clone()));
        }
        page.push('\n');
    }
}

fn type_name(attribute: &Value) -> String {
    let nested = &attribute["nested_type"];
    if nested.is_object() {
        let mode = text(nested, "nesting_mode");
        return if mode == "single" {
            "Attributes".to_owned()
        } else {
            format!("Attributes {}", capital(&mode))
        };
    }
    type_words(&attribute["type"])
}

/// A type as JSON writes it (`"string"`, `["map", ["list", "bool"]]`), in words.
fn type_words(ty: &Value) -> String {
    match ty {
        Value::String(name) if name == "bool" => "Boolean".to_owned(),
        Value::String(name) => capital(name),
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(name), _] if name == "object" || name == "tuple" => capital(name),
            [Value::String(name), of] => format!("{} of {}", capital(name), type_words(of)),
            _ => "Dynamic".to_owned(),
        },
        _ => "Dynamic".to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

fn flag(attribute: &Value, name: &str) -> bool {
    attribute[name].as_bool().unwrap_or(false)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_words() {
        for (ty, words) in [
            (json!("bool"), "Boolean"),
            (json!(["map", ["list", "number"]]), "Map of List of Number"),
            (json!(["set", ["object", {"a": "string"}]]), "Set of Object"),
        ] {
            assert_eq!(type_words(&ty), words);
        }
    }

    #[test]
    fn a_difference_is_what_is_between_the_same_ends() {
        assert_eq!(
            difference("a\nb\nc\n", "a\nx\ny\nc\n"),
            "@@ line 2 @@\n-b\n+x\n+y\n"
        );
        assert_eq!(difference("a\na\n", "a\n"), "@@ line 2 @@\n-a\n");
    }
}
