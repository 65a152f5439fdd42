//! The names of months in the languages that spreadsheet programs write them in.

use super::titles::letters;

/// The names of each month, without accents, parted by spaces; any beginning of three
/// letters or more is one too.
const MONTHS: [&str; 12] = [
    "january januar jaenner janvier enero janeiro gennaio styczen stycznia январь января ocak januari",
    "february februar fevrier febrero fevereiro febbraio luty lutego февраль февраля subat februari",
    "march marz maerz mrz mars marzo marco marzec marca март марта mart maart mrt",
    "april avril abril aprile kwiecien kwietnia апрель апреля nisan",
    "may mai mayo maio maggio maj maja май мая mayis mei",
    "june juni juin junio junho giugno czerwiec czerwca июнь июня haziran",
    "july juli juillet julio julho luglio lipiec lipca июль июля temmuz",
    "august aout agosto sierpien sierpnia август августа agustos augustus",
    "september septembre septiembre setiembre setembro settembre wrzesien wrzesnia сентябрь сентября eylul",
    "october oktober octobre octubre outubro ottobre pazdziernik pazdziernika октябрь октября ekim",
    "november novembre noviembre novembro listopad listopada ноябрь ноября kasim",
    "december dezember decembre diciembre dezembro dicembre grudzien grudnia декабрь декабря aralik",
];

/// The number of a month, by its name or the beginning of it in any language; `None`
/// where that is none's or several's.
pub fn month_called(text: &str) -> Option<i16> {
    let text = letters(text);
    if text.chars().count() < 3 {
        return None;
    }
    let is_named = |names: &&str| names.split(' ').any(|name| name.starts_with(&text));
    let mut found = (1..)
        .zip(MONTHS.iter())
        .filter(|(_, names)| is_named(names));
    let (month, _) = found.next()?;
    found.next().is_none().then_some(month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_by_their_beginning_in_any_language() {
        for (text, month) in [
            ("Jan", Some(1)),
            ("Févr", Some(2)),
            ("MÄRZ", Some(3)),
            ("Mrz", Some(3)),
            ("Mai", Some(5)),
            ("Mayıs", Some(5)),
            ("juil", Some(7)),
            ("lip", Some(7)),
            ("авг", Some(8)),
            ("wrz", Some(9)),
            ("Okt", Some(10)),
            ("дек", Some(12)),
            ("jui", None),
            ("Ma", None),
            ("Long", None),
            ("", None),
        ] {
            assert_eq!(month_called(text), month, "{text}");
        }
    }
}
