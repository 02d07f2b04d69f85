//! The forms of those numbers that WhatsApp writes in a way of its own. The documentation of the
//! crate lists them.

use clap::ValueEnum;

/// The form in which a number is written that WhatsApp writes in a form of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
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
        let written = match self {
            Self::Dialled => dialled(digits),
            Self::Whatsapp => whatsapps(digits),
        };
        written.unwrap_or_else(|| digits.to_owned())
    }
}

fn dialled(digits: &str) -> Option<String> {
    match (digits.len(), digits.get(..2)?, digits.get(2..3)?) {
        (13, "52", "1") => national(digits.get(3..)?, "23456789").map(|rest| format!("52{rest}")),
        (13, "54", "9") => national(digits.get(3..)?, "123").map(|rest| format!("54{rest}")),
        (12, "55", _) => {
            let (area, rest) = (digits.get(2..4)?, digits.get(4..)?);
            let rest = national(rest, "6789").filter(|_| loses_its_nine(area))?;
            Some(format!("55{area}9{rest}"))
        }
        _ => None,
    }
}

fn whatsapps(digits: &str) -> Option<String> {
    match (digits.len(), digits.get(..2)?) {
        (12, "52") => national(digits.get(2..)?, "23456789").map(|rest| format!("521{rest}")),
        (12, "54") => national(digits.get(2..)?, "123").map(|rest| format!("549{rest}")),
        (13, "55") => {
            let (area, rest) = (digits.get(2..4)?, digits.get(4..)?.strip_prefix('9')?);
            let rest = national(rest, "6789").filter(|_| loses_its_nine(area))?;
            Some(format!("55{area}{rest}"))
        }
        _ => None,
    }
}

/// The digits, if they begin with one of `first`. Of the numbers that begin with 1 only those of
/// Buenos Aires, 11, are told apart.
fn national<'a>(digits: &'a str, first: &str) -> Option<&'a str> {
    let fits = digits.starts_with(|digit| first.contains(digit));
    let is_area = !digits.starts_with('1') || digits.starts_with("11");
    (fits && is_area).then_some(digits)
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
