//! The SDKs' ini file, `~/.alibabacloud/credentials`: which sections and keys it has.
//!
//! Lines are read as the official libraries for Python and Go read them: `key = value` or
//! `key: value`, keys in any case, comments from `#` to the end of the line, or from `;` at its
//! beginning or after a blank. A value may be in quotation marks.

use std::collections::BTreeMap;

/// A section's keys, in lower case, and their values.
pub(crate) type Section<'a> = BTreeMap<String, &'a str>;

/// The sections of the text of a file by their names, without those that are not enabled. The error
/// is the number of the first line that is not part of an ini file, counted from 1.
pub(crate) fn sections(text: &str) -> Result<BTreeMap<&str, Section<'_>>, usize> {
    let mut sections: BTreeMap<&str, Section<'_>> = BTreeMap::new();
    let mut section = None;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let (name, _) = rest.split_once(']').ok_or(number)?;
            if sections.insert(name, Section::new()).is_some() {
                return Err(number);
            }
            section = Some(name);
            continue;
        }
        let (key, value) = line.split_once(['=', ':']).ok_or(number)?;
        let value = unquoted(without_comment(value).trim());
        let keys = section.and_then(|name| sections.get_mut(name));
        let keys = keys.ok_or(number)?;
        if keys.insert(key.trim().to_lowercase(), value).is_some() {
            return Err(number);
        }
    }
    let disabled = |enable: &&str| enable.eq_ignore_ascii_case("false");
    sections.retain(|_, section| !section.get("enable").is_some_and(disabled));
    Ok(sections)
}

/// A value without the comment after it.
fn without_comment(value: &str) -> &str {
    let value = value.split('#').next().unwrap_or_default();
    let comment = [" ;", "\t;"]
        .iter()
        .filter_map(|begin| value.find(begin))
        .min();
    comment.map_or(value, |at| &value[..at])
}

/// A value without the quotation marks around it.
fn unquoted(value: &str) -> &str {
    let inner = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_the_python_library_does() {
        let text = "\n# comment\n[default]\nType = access_key # why\naccess_key_id: a=b\n\
                    ; comment\n  access_key_secret=\nrole_arn = \"acs:ram::1:role/a;b\" ; why\n\
                    policy = 'a\"\n[off]\nenable = False\n";
        let sections: Vec<_> = sections(text).expect("an ini file").into_iter().collect();
        let [("default", section)] = &sections[..] else {
            panic!("{sections:?}");
        };
        assert_eq!(section.get("type"), Some(&"access_key"));
        assert_eq!(section.get("access_key_id"), Some(&"a=b"));
        assert_eq!(section.get("access_key_secret"), Some(&""));
        assert_eq!(section.get("role_arn"), Some(&"acs:ram::1:role/a;b"));
        assert_eq!(section.get("policy"), Some(&"'a\""));
    }

    #[test]
    fn a_line_that_no_ini_file_has_is_named_by_its_number() {
        for (text, line) in [
            ("\nkey = value", 2),
            ("[a", 1),
            ("[a]\nword", 2),
            ("[a]\n[a]", 2),
            ("[a]\nk = 1\nK = 2", 3),
        ] {
            assert_eq!(sections(text).err(), Some(line), "{text}");
        }
    }
}
