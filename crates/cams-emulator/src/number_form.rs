//! The forms of those numbers that WhatsApp writes in a way of its own. The documentation of the
//! crate lists them.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The form in which a number is written that WhatsApp writes in a form of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NumberForm {
    /// As it is dialled today.
    Dialled,
    /// As WhatsApp writes it.
    #[default]
    Whatsapp,
}

/// The area codes of Brazil whose mobile numbers have their ninth digit at WhatsApp too.
const NINE: &str = "11 12 13 14 15 16 17 18 19 21 22 24 27 28";

impl NumberForm {
    /// The number, calling code first, in this form.
    pub(crate) fn of(self, digits: &str) -> String {
        match split(digits) {
            Some((prefix, mark, form, rest)) if form == self => format!("{prefix}{mark}{rest}"),
            Some((prefix, _, _, rest)) => format!("{prefix}{rest}"),
            None => digits.to_owned(),
        }
    }
}

/// Splits a number that WhatsApp writes in a form of its own: its beginning, the digit that only
/// one form has, that form, and the rest of its digits.
fn split(digits: &str) -> Option<(&str, &'static str, NumberForm, &str)> {
    let (at, mark, form, length, first) = match digits.get(..2)? {
        "52" => (2, "1", NumberForm::Whatsapp, 10, "23456789"),
        "54" => (2, "9", NumberForm::Whatsapp, 10, "123"),
        "55" => (4, "9", NumberForm::Dialled, 8, "6789"),
        _ => return None,
    };
    let (prefix, rest) = digits.split_at_checked(at)?;
    let rest = match rest.len() == length {
        true => rest,
        false => rest.strip_prefix(mark)?,
    };
    // Of the numbers that begin with 1 only those of Buenos Aires, 11, are told apart.
    let is_area = !rest.starts_with('1') || rest.starts_with("11");
    let fits = rest.len() == length && rest.starts_with(|digit| first.contains(digit));
    let has_forms = at == 2 || loses_its_nine(prefix.get(2..)?);
    (is_area && fits && has_forms).then_some((prefix, mark, form, rest))
}

fn loses_its_nine(area: &str) -> bool {
    !area.contains('0') && !NINE.split(' ').any(|nine| nine == area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form_of_each_kind() {
        for (dialled, whatsapp) in [
            ("525512345678", "5215512345678"),
            ("541123456789", "5491123456789"),
            ("5531996883193", "553196883193"),
            ("5511996883193", "5511996883193"),
            ("551196883193", "551196883193"),
            ("553132345678", "553132345678"),
            ("521512345678", "521512345678"),
            ("8613900001234", "8613900001234"),
            ("86139", "86139"),
            ("5", "5"),
        ] {
            for written in [dialled, whatsapp] {
                assert_eq!(NumberForm::Dialled.of(written), dialled);
                assert_eq!(NumberForm::Whatsapp.of(written), whatsapp);
            }
        }
    }
}
