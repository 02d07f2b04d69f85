//! Which ways of writing a number are one number.
//!
//! WhatsApp keeps some numbers in a form of its own: the one that a number had when its owner
//! joined. Whether CAMS answers with that form or with the one that is dialled is not documented,
//! so both count as the same number. Every other difference in the digits is another number.
//!
//! - 52, Mexico. Dialled are ten digits, since 3 August 2019 without the 1 before them (numbering
//!   plan of the IFT). WhatsApp writes that 1: chatwoot#14048, evolution-api#447.
//! - 54, Argentina. Dialled from abroad are area code and number, ten digits together. WhatsApp
//!   writes a 9 before them, and never the 15 that is dialled within the country: chatwoot#11053,
//!   chatwoot#13932.
//! - 55, Brazil. Dialled are an area code, a 9, and eight digits that begin with 6 to 9. WhatsApp
//!   leaves that 9 out, except after the area codes 11 to 19, 21, 22, 24, 27 and 28, which had it
//!   first (Anatel, resolution 553/2010): waha#1974, openclaw#25819.
//!
//! In Brazil eight digits that begin with 2 to 5 are a landline, which never had a ninth one.
//!
//! The functions look at the digits after the calling code. A number whose length or beginning the
//! national plan does not have is written in one way only.

/// The area codes of Brazil whose mobile numbers WhatsApp writes with their ninth digit.
const WITH_NINTH_DIGIT: [&str; 14] = [
    "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "24", "27", "28",
];

/// Both forms of a number that has two: as it is dialled today, and as WhatsApp writes it. The number
/// is written in one of them.
pub(crate) fn both(code: &str, number: &str) -> Option<[String; 2]> {
    match code {
        "52" => with_and_without("1", number, is_mexican),
        "54" => with_and_without("9", number, is_argentine),
        "55" => {
            let (area, rest) = number.split_at_checked(2)?;
            let nine = rest.strip_prefix('9').filter(|_| rest.len() == 9);
            let eight = nine.unwrap_or(rest);
            loses_ninth_digit(area, eight)
                .then(|| [format!("{area}9{eight}"), format!("{area}{eight}")])
        }
        _ => None,
    }
}

/// The forms of a number that WhatsApp writes with a prefix, with which no dialled one begins.
fn with_and_without(
    prefix: &str,
    number: &str,
    is_dialled: impl Fn(&str) -> bool,
) -> Option<[String; 2]> {
    let dialled = number.strip_prefix(prefix).unwrap_or(number);
    is_dialled(dialled).then(|| [dialled.to_owned(), format!("{prefix}{dialled}")])
}

/// Whether this is a mobile number of Brazil that has its ninth digit where it is dialled alone.
/// `rest` is the number after the area code, without that digit.
pub(crate) fn loses_ninth_digit(area: &str, rest: &str) -> bool {
    is_mobile_of_eight(rest) && !has_ninth_digit(area) && !area.contains('0')
}

/// Whether WhatsApp writes the mobile numbers of this area of Brazil as they are dialled.
pub(crate) fn has_ninth_digit(area: &str) -> bool {
    WITH_NINTH_DIGIT.contains(&area)
}

/// Whether these are the last eight digits of a mobile number of Brazil.
pub(crate) fn is_mobile_of_eight(digits: &str) -> bool {
    digits.len() == 8 && digits.starts_with(['6', '7', '8', '9'])
}

/// No number of Mexico begins with 0 or 1.
fn is_mexican(number: &str) -> bool {
    number.len() == 10 && !number.starts_with(['0', '1'])
}

/// The area codes of Argentina are 11 and those that begin with 2 or 3.
fn is_argentine(number: &str) -> bool {
    let begins = ["11", "2", "3"];
    number.len() == 10 && begins.iter().any(|area| number.starts_with(area))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::phone::PhoneNumber;

    fn number(whole: &str) -> PhoneNumber {
        PhoneNumber::parse_international(whole).expect("a number")
    }

    #[test]
    fn both_forms_of_a_number_are_one() {
        for (dialled, whatsapps) in [
            ("525512345678", "5215512345678"),
            ("528112345678", "5218112345678"),
            ("541123456789", "5491123456789"),
            ("542235123456", "5492235123456"),
            ("543514123456", "5493514123456"),
            ("5531996883193", "553196883193"),
            ("5541961234567", "554161234567"),
            ("5585988887777", "558588887777"),
        ] {
            let (one, other) = (number(dialled), number(whatsapps));
            assert!(one.is_same(&other), "{dialled} and {whatsapps}");
            assert_eq!(other.canonical(), one, "{whatsapps}");
        }
        assert_eq!(
            number("5215512345678").other_form(),
            Some(number("525512345678"))
        );
        assert_eq!(
            number("525512345678").other_form(),
            Some(number("5215512345678"))
        );
        assert_eq!(number("8613900001234").other_form(), None);
    }

    #[test]
    fn whatever_else_differs_is_another_number() {
        for (one, other) in [
            // Another length, or a beginning that no Mexican number has.
            ("525512345678", "52155123456789"),
            ("525512345678", "521551234567"),
            ("521512345678", "5211512345678"),
            ("525512345678", "5205512345678"),
            // The 15 within the country, and no area code of Argentina.
            ("541123456789", "54111523456789"),
            ("541123456789", "54911523456789"),
            ("544123456789", "5494123456789"),
            ("541223456789", "5491223456789"),
            // A landline; an area whose numbers always have the ninth digit; no area.
            ("5531932345678", "553132345678"),
            ("5511996883193", "551196883193"),
            ("5528996883193", "552896883193"),
            ("5530996883193", "553096883193"),
            ("5531896883193", "553196883193"),
            // Other countries have one form.
            ("8613900001234", "86113900001234"),
            ("51912345678", "5112345678"),
            ("15550109999", "525550109999"),
        ] {
            assert!(!number(one).is_same(&number(other)), "{one} and {other}");
        }
        for area in super::WITH_NINTH_DIGIT {
            assert_eq!(number(&format!("55{area}996883193")).other_form(), None);
            assert_eq!(number(&format!("55{area}96883193")).other_form(), None);
        }
    }

    /// Numbers among which some are one.
    fn any_number() -> impl Strategy<Value = PhoneNumber> {
        let digits = prop_oneof![
            "52(1|)[0-9]{9,11}",
            "54(9|)(11|2|3|)[0-9]{7,10}",
            "55(11|21|31|85|30)(9|)[0-9]{7,9}",
            "(86|44|39)[1-9][0-9]{7,9}",
        ];
        digits.prop_filter_map("a number", |digits| {
            PhoneNumber::parse_international(&digits).ok()
        })
    }

    proptest! {
        #[test]
        fn being_one_number_is_an_equivalence(
            (a, b, c) in (any_number(), any_number(), any_number()),
        ) {
            let written = |number: &PhoneNumber| {
                [Some(number.clone()), number.other_form(), Some(number.canonical())]
            };
            let all: Vec<PhoneNumber> =
                [&a, &b, &c].into_iter().flat_map(written).flatten().collect();
            for x in &all {
                prop_assert!(x.is_same(x));
                for y in &all {
                    prop_assert_eq!(x.is_same(y), y.is_same(x));
                    for z in &all {
                        prop_assert!(!(x.is_same(y) && y.is_same(z)) || x.is_same(z));
                    }
                }
            }
        }

        #[test]
        fn the_canonical_form_is_its_own_and_the_other_form_leads_back(number in any_number()) {
            let canonical = number.canonical();
            prop_assert_eq!(canonical.canonical(), canonical.clone());
            prop_assert_eq!(canonical.country_code(), number.country_code());
            let whole = number.to_string();
            prop_assert_eq!(PhoneNumber::canonical_digits(&whole), canonical.to_string());
            if let Some(other) = number.other_form() {
                prop_assert!(other != number && other.is_same(&number));
                prop_assert_eq!(other.other_form(), Some(number.clone()));
                prop_assert!(number.can_be_named(&other.to_string()));
            } else {
                prop_assert_eq!(canonical, number);
            }
        }
    }
}
