//! Splits the `process_command` of a profile into words.

use base::secret::Secret;

/// Splits a command line into words as a POSIX shell does. Only quotation marks and the backslash
/// have a meaning; a backslash at the end of a line joins it with the next one. `None` if a
/// quotation mark is not closed.
pub(crate) fn split(line: &str) -> Option<Vec<Secret>> {
    let mut words = Vec::new();
    let mut letters = line.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return Some(words);
        }
        // The capacity is enough: a reallocation would leave a copy of a password in memory.
        let mut word = String::with_capacity(line.len());
        while let Some(letter) = letters.next_if(|letter| !letter.is_whitespace()) {
            match letter {
                '\'' | '"' => quoted(letter, &mut letters, &mut word)?,
                '\\' => match letters.next()? {
                    '\n' => {}
                    escaped => word.push(escaped),
                },
                other => word.push(other),
            }
        }
        words.push(Secret::new(word));
    }
}

/// Adds the text up to the closing quotation mark to the word. `None` if there is no such mark.
fn quoted(mark: char, letters: &mut impl Iterator<Item = char>, word: &mut String) -> Option<()> {
    loop {
        match letters.next()? {
            letter if letter == mark => return Some(()),
            '\\' if mark == '"' => match letters.next()? {
                '\n' => {}
                escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            other => word.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        let words = |line: &str| {
            let words = split(line)?;
            Some(
                words
                    .iter()
                    .map(|word| word.expose().to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        let some = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(words("  a  b\tc\n"), some(&["a", "b", "c"]));
        assert_eq!(
            words(r#"a 'b  c' "d \"e\" \n" f\ g"#),
            some(&["a", "b  c", r#"d "e" \n"#, "f g"])
        );
        assert_eq!(
            words("'' a''b # c; d | e $f"),
            some(&["", "ab", "#", "c;", "d", "|", "e", "$f"])
        );
        assert_eq!(words(""), some(&[]));
        assert_eq!(words("a \"b\\\nc\" d\\\ne"), some(&["a", "bc", "de"]));
        for open in ["'a", "\"a", "\"a\\", "a\\"] {
            assert_eq!(words(open), None, "{open}");
        }
    }
}
