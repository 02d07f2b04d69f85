//! Runs the program of a profile with mode `External`, and reads the credentials that it prints.

use crate::secret::Secret;

/// Splits a command line into words as a POSIX shell does, without giving any sign but quotation
/// marks and the backslash a meaning. `None` if a quotation mark is not closed.
pub(super) fn split(line: &str) -> Option<Vec<Secret>> {
    let mut words = Vec::new();
    let mut letters = line.chars().peekable();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            return Some(words);
        }
        let mut word = String::new();
        while let Some(letter) = letters.next_if(|letter| !letter.is_whitespace()) {
            match letter {
                '\'' => loop {
                    match letters.next()? {
                        '\'' => break,
                        other => word.push(other),
                    }
                },
                '"' => loop {
                    match letters.next()? {
                        '"' => break,
                        '\\' => match letters.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        other => word.push(other),
                    }
                },
                '\\' => word.push(letters.next()?),
                other => word.push(other),
            }
        }
        words.push(Secret::new(word));
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
        for open in ["'a", "\"a", "\"a\\", "a\\"] {
            assert_eq!(words(open), None, "{open}");
        }
    }
}
