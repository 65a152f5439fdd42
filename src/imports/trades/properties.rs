//! The sheet of properties that a spreadsheet of trades has.

use jiff::civil::{Time, date};
use jiff::tz::{Offset, TimeZone};

use super::number::{self, DecimalMark, Evidence};
use super::rows::Moment;
use super::when;
use crate::domain::money::Decimal;
use crate::domain::webhook::{Commission, CommissionKind};
use crate::imports::Unreadable;
use crate::imports::spreadsheet::Sheets;
use crate::imports::table::Cell;

/// The properties of a backtest, as far as they can be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Properties {
    /// The instrument, for instance `BINANCE:BTCUSDT`.
    pub symbol: Option<String>,
    /// Currency of the account.
    pub currency: Option<String>,
    /// Money at the start.
    pub initial_capital: Option<Decimal>,
    /// The other number that the text of the initial capital can be: `10.000` is ten, or ten
    /// thousand.
    pub other_capital: Option<Decimal>,
    /// Money that one contract gains when the price rises by 1.
    pub point_value: Option<Decimal>,
    /// The other number that the text of the point value can be.
    pub other_point_value: Option<Decimal>,
    /// The range that the strategy was tested over.
    pub(super) range: Option<(Moment, Moment)>,
    /// The commission of every fill.
    pub commission: Option<Commission>,
    /// The number of a commission that has no unit.
    pub commission_value: Option<Decimal>,
    /// The zone of the chart.
    pub time_zone: Option<TimeZone>,
    /// Notes on properties that could not be read, or only by assuming something.
    pub notes: Vec<String>,
}

/// The sheet's name in the languages of TradingView.
const SHEETS: [&str; 14] = [
    "properties",
    "eigenschaften",
    "propriétés",
    "propiedades",
    "propriedades",
    "proprietà",
    "właściwości",
    "свойства",
    "özellikler",
    "プロパティ",
    "속성",
    "属性",
    "屬性",
    "內容",
];

/// A property that is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Property {
    Symbol,
    Currency,
    Capital,
    PointValue,
    Commission,
    Zone,
    BacktestingRange,
    TradingRange,
}

/// The names of each property, parted by `|`.
const NAMES: [(Property, &str); 8] = [
    (
        Property::Symbol,
        "symbol|symbole|símbolo|simbolo|символ|sembol|シンボル|심볼|商品代码|商品代號",
    ),
    (
        Property::Currency,
        "currency|währung|devise|divisa|moneda|moeda|valuta|waluta|валюта|para birimi|通貨|통화|货币|貨幣",
    ),
    (
        Property::Capital,
        "initial capital|startkapital|anfangskapital|ausgangskapital|capital initial|capital inicial|capitale iniziale|\
         kapitał początkowy|начальный капитал|başlangıç sermayesi|初期資金|초기 자본|初始资金|初始資金|初始资本|初始資本",
    ),
    (
        Property::PointValue,
        "point value|punktwert|valeur du point|valor del punto|valor do ponto|valore del punto|valore punto|wartość punktu|\
         стоимость пункта|puan değeri|ポイント値|포인트 값|点值|點值",
    ),
    (
        Property::Commission,
        "commission|kommission|provision|comisión|comissão|commissione|prowizja|комиссия|komisyon|手数料|커미션|수수료|佣金|手续费|手續費",
    ),
    (
        Property::Zone,
        "time zone|timezone|zeitzone|fuseau horaire|zona horaria|fuso horário|fuso orario|strefa czasowa|часовой пояс|\
         saat dilimi|タイムゾーン|시간대|时区|時區",
    ),
    (
        Property::BacktestingRange,
        "backtesting range|backtest range|backtesting-zeitraum|backtestzeitraum",
    ),
    (
        Property::TradingRange,
        "trading range|handelsspanne|handelszeitraum|plage de trading|rango de trading|intervalo de negociação|\
         intervallo di trading",
    ),
];

/// True of the name of the sheet of properties.
pub(super) fn is_name(sheet: &str) -> bool {
    SHEETS.contains(&sheet.trim().to_lowercase().as_str())
}

fn property(name: &str) -> Option<Property> {
    let name = name
        .trim()
        .trim_end_matches([':', '\u{ff1a}'])
        .to_lowercase();
    let named = NAMES
        .iter()
        .find(|(_, names)| names.split('|').any(|known| known.trim() == name));
    named.map(|(property, _)| *property)
}

impl Properties {
    /// Reads the sheet of properties, where there is one.
    pub(super) fn read(sheets: &mut Sheets<'_>) -> Result<Self, Unreadable> {
        let names = sheets.names();
        let Some(name) = names.iter().find(|name| is_name(name)) else {
            return Ok(Self::default());
        };
        let table = match sheets.table(name) {
            Err(Unreadable::Empty) => return Ok(Self::default()),
            table => table?,
        };
        let mut properties = Self::default();
        let mut seen = ReadBack::default();
        // The sheet has no header of its own: its first row is a property too.
        if let [name, value, ..] = table.header.as_slice() {
            properties.take(name.trim(), Cell::Text(value), &mut seen);
        }
        for row in table.rows.iter() {
            if let (Some(name), Some(value)) = (row.cells.get(0), row.cells.get(1)) {
                properties.take(&name.text(), value, &mut seen);
            }
        }
        properties.notes.extend(seen.note(name));
        Ok(properties)
    }

    fn take(&mut self, name: &str, value: Cell<'_>, seen: &mut ReadBack) {
        let text = value.text();
        if text.is_empty() {
            return;
        }
        let Some(property) = property(name) else {
            seen.unknown.push(name.trim().to_owned());
            return;
        };
        seen.known.push(property);
        seen.is_in_english |= is_english(name);
        let is_read = match property {
            Property::Symbol => {
                self.symbol = Some(text.clone());
                true
            }
            Property::Currency => {
                self.currency = Some(text.to_uppercase());
                true
            }
            Property::Capital => {
                // A capital that has thousands is the likelier one.
                let [less, more] = amounts(value);
                self.other_capital = more.and(less);
                keep(&mut self.initial_capital, more.or(less))
            }
            Property::PointValue => {
                let [usual, other] = amounts(value);
                self.other_point_value = other;
                keep(&mut self.point_value, usual)
            }
            Property::Commission => self.take_commission(&text),
            Property::Zone => keep(&mut self.time_zone, zone(&text)),
            Property::TradingRange if self.range.is_some() => true,
            Property::BacktestingRange | Property::TradingRange => {
                keep(&mut self.range, range(&text))
            }
        };
        if !is_read {
            let note =
                format!("the property {name} \"{text:.40}\" cannot be read and was left out");
            self.notes.push(note);
        }
    }

    fn take_commission(&mut self, text: &str) -> bool {
        let Some((value, kind)) = commission(text) else {
            return false;
        };
        match kind {
            // Of nothing the unit does not matter.
            None if !value.is_zero() => self.commission_value = Some(value),
            kind => {
                let kind = kind.unwrap_or(CommissionKind::Percent);
                self.commission = Some(Commission { kind, value });
            }
        }
        true
    }
}

/// The names of the properties that were met.
#[derive(Default)]
struct ReadBack {
    known: Vec<Property>,
    unknown: Vec<String>,
    is_in_english: bool,
}

impl ReadBack {
    /// Names that a note lists at most.
    const LISTED: usize = 20;

    /// The settings that are missing beside names that may be theirs in a language that is not
    /// known. In English every name is known, so that the others are the strategy's own.
    fn note(&self, sheet: &str) -> Option<String> {
        const WANTED: [(Property, &str); 5] = [
            (Property::Currency, "currency"),
            (Property::Capital, "initial capital"),
            (Property::PointValue, "point value"),
            (Property::Commission, "commission"),
            (Property::Zone, "time zone"),
        ];
        let missing = WANTED
            .iter()
            .filter(|(wanted, _)| !self.known.contains(wanted));
        let missing: Vec<&str> = missing.map(|(_, name)| *name).collect();
        if self.is_in_english || self.unknown.is_empty() || missing.is_empty() {
            return None;
        }
        let names: Vec<String> = self
            .unknown
            .iter()
            .take(Self::LISTED)
            .map(|name| format!("{name:.60}"))
            .collect();
        let more = self.unknown.len() - names.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        Some(format!(
            "the sheet {sheet} was read without {}: not understood in it were {}{more}. Check these in the preview; an export made with TradingView in English says them",
            missing.join(", "),
            names.join(", "),
        ))
    }
}

/// True of names that no other language has.
fn is_english(name: &str) -> bool {
    const ENGLISH: [&str; 6] = [
        "initial capital",
        "point value",
        "time zone",
        "timezone",
        "trading range",
        "backtesting range",
    ];
    let name = name.trim().trim_end_matches(':').to_lowercase();
    ENGLISH.contains(&name.as_str())
}

/// Keeps what was read; whether there was something.
fn keep<T>(place: &mut Option<T>, read: Option<T>) -> bool {
    let is_read = read.is_some();
    *place = read.or(place.take());
    is_read
}

/// The number of a cell and, where its only mark can be the decimal one or part thousands, the
/// one with thousands.
fn amounts(value: Cell<'_>) -> [Option<Decimal>; 2] {
    let mut evidence = Evidence::default();
    evidence.add(value);
    let read = |mark| number::read(value, mark).ok().flatten();
    if evidence.unclear().is_none() {
        return [amount(value), None];
    }
    let both = [DecimalMark::Point, DecimalMark::Comma].map(read);
    let mut known: Vec<Decimal> = both.into_iter().flatten().collect();
    known.sort();
    [known.first().copied(), known.get(1).copied()]
}

/// `Jan 1, 2025, 00:00 — Dec 31, 2025, 00:00`.
fn range(text: &str) -> Option<(Moment, Moment)> {
    let between = [
        "\u{2014}",
        "\u{2013}",
        " - ",
        " \u{2212} ",
        "\u{2192}",
        " to ",
        " ~ ",
    ];
    let moment = |text: &str| Some(when::read(text, None).ok()?.moment);
    between.into_iter().find_map(|between| {
        let (from, to) = text.split_once(between)?;
        let (from, to) = (moment(from)?, moment(to)?);
        (from.rough() < to.rough()).then_some((from, to))
    })
}

fn amount(value: Cell<'_>) -> Option<Decimal> {
    number::read(value, DecimalMark::of_one(value)).ok()?
}

/// `0.1%`, `1.5 USD per order`, `USD 2 per contract`: how much, and of what where
/// it says so. Less than nothing is no commission.
pub(super) fn commission(text: &str) -> Option<(Decimal, Option<CommissionKind>)> {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let kind = if says(&["%", "percent"]) {
        Some(CommissionKind::Percent)
    } else if says(&["order"]) {
        Some(CommissionKind::PerOrder)
    } else if says(&["contract", "share", "lot", "unit"]) {
        Some(CommissionKind::PerContract)
    } else {
        None
    };
    let is_part =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ',' | '-' | '\u{2212}');
    let words = text.split(|letter: char| !is_part(letter));
    let mut numbers = words.filter(|word| word.contains(|letter: char| letter.is_ascii_digit()));
    let number = numbers.next()?;
    let has_unit_or_nothing = kind.is_some() || text.trim() == number;
    let is_alone = numbers.next().is_none() && has_unit_or_nothing;
    let value = amount(Cell::Text(number)).filter(|value| !value.is_sign_negative());
    Some((value.filter(|_| is_alone)?, kind))
}

/// A zone by its name, or by its offset and city: `UTC+8`, `(UTC-05:00) New York`.
fn zone(text: &str) -> Option<TimeZone> {
    if let Ok(zone) = TimeZone::get(text) {
        return Some(zone);
    }
    let text = text
        .trim_start_matches('(')
        .replace(['\u{2212}', '\u{2013}'], "-");
    let offset = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"))?;
    let (offset, city) = offset.split_once([')', ' ']).unwrap_or((offset, ""));
    let offset = match offset {
        "" => Offset::UTC,
        offset => offset_of(offset)?,
    };
    Some(zone_of_city(city.trim(), offset).unwrap_or_else(|| offset.to_time_zone()))
}

/// `+8`, `-03:30`, `+0530`.
fn offset_of(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at(2),
        None => (digits, "0"),
    };
    let number = |text: &str| {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_digits.then(|| text.parse::<i32>().ok()).flatten()
    };
    let seconds = number(hours)?.checked_mul(3600)? + number(minutes).filter(|m| *m < 60)? * 60;
    match sign {
        "+" => Offset::from_seconds(seconds).ok(),
        "-" => Offset::from_seconds(-seconds).ok(),
        _ => None,
    }
}

/// The zone of a city, whose clocks the offset alone does not tell: New York is at
/// UTC-5 in winter and at UTC-4 in summer.
fn zone_of_city(city: &str, offset: Offset) -> Option<TimeZone> {
    if city.is_empty() {
        return None;
    }
    let city = format!("/{}", city.replace(' ', "_"));
    let names = jiff::tz::db().available();
    let mut names = names.filter(|name| name.as_str().ends_with(&city));
    let zone = TimeZone::get(names.next()?.as_str()).ok()?;
    let year = [date(2026, 1, 1), date(2026, 7, 1)];
    let has_offset = year.into_iter().any(|day| {
        let instant = zone.to_timestamp(day.to_datetime(Time::midnight()));
        instant.is_ok_and(|instant| zone.to_offset(instant) == offset)
    });
    has_offset.then_some(zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(name: &str, value: Cell<'_>) -> Properties {
        let mut properties = Properties::default();
        properties.take(name, value, &mut ReadBack::default());
        properties
    }

    #[test]
    fn names_that_are_not_understood_are_told_where_a_setting_is_missing() {
        let note = |rows: &[(&str, &str)], sheet: &str| {
            let (mut properties, mut seen) = (Properties::default(), ReadBack::default());
            for (name, value) in rows {
                properties.take(name, Cell::Text(value), &mut seen);
            }
            seen.note(sheet)
        };
        let hungarian = [
            ("Szimbólum", "NASDAQ:AAPL"),
            ("Kezdőtőke", "5000"),
            ("Currency", "USD"),
            ("Jutalék", "0.1%"),
        ];
        assert_eq!(
            note(&hungarian, "Properties").unwrap(),
            "the sheet Properties was read without initial capital, point value, commission, time zone: not understood in it were Szimbólum, Kezdőtőke, Jutalék. Check these in the preview; an export made with TradingView in English says them"
        );
        // The strategy's own settings, beside all that is wanted, and in an English sheet.
        let own = ("Gyors hossz", "9");
        let german = [
            ("Startkapital", "5000"),
            ("Währung", "USD"),
            ("Punktwert", "1"),
            ("Kommission", "0.1%"),
            ("Zeitzone", "UTC"),
            own,
        ];
        assert_eq!(note(&german, "Eigenschaften"), None);
        assert_eq!(
            note(&[("Initial capital", "5000"), own], "Properties"),
            None
        );
        assert_eq!(note(&hungarian[2..3], "Properties"), None);
    }

    #[test]
    fn a_commission_is_read_in_any_words() {
        let text = Cell::Text;
        for (cell, value, kind, notes) in [
            (text("0.1%"), "0.1", CommissionKind::Percent, 0),
            (text("0,05 %"), "0.05", CommissionKind::Percent, 0),
            (
                text("1.5 USD per order"),
                "1.5",
                CommissionKind::PerOrder,
                0,
            ),
            (
                text("USD 2 per contract"),
                "2",
                CommissionKind::PerContract,
                0,
            ),
            (text("$1.50 / order"), "1.50", CommissionKind::PerOrder, 0),
            (Cell::Number(0.0), "0", CommissionKind::Percent, 0),
        ] {
            let read = properties("Commission", cell);
            let value = value.parse().unwrap();
            assert_eq!(
                read.commission,
                Some(Commission { kind, value }),
                "{cell:?}"
            );
            assert_eq!(read.notes.len(), notes, "{cell:?}");
        }
        for cell in [Cell::Number(0.04), text("0.04")] {
            let read = properties("Commission", cell);
            assert_eq!(
                (read.commission, read.commission_value),
                (None, Some(Decimal::new(4, 2)))
            );
        }
        for unread in ["as agreed", "1 USD", "-1 USD per order", "1 to 2 per order"] {
            let read = properties("Commission", text(unread));
            assert_eq!(read.commission, None, "{unread}");
            assert!(read.notes[0].contains(unread), "{:?}", read.notes);
        }
    }

    #[test]
    fn the_range_of_a_backtest_is_read() {
        let civil = |text: &str| Moment::Civil(text.parse().unwrap());
        let whole = Some((civil("2025-01-01T00:00"), civil("2025-12-31T00:00")));
        for text in [
            "Jan 1, 2025, 00:00 \u{2014} Dec 31, 2025, 00:00",
            "2025-01-01 00:00 \u{2013} 2025-12-31 00:00",
            "2025-01-01 - 2025-12-31",
            "1 Jan 2025 to 31 Dec 2025",
        ] {
            for name in ["Trading range", "Backtesting range"] {
                let read = properties(name, Cell::Text(text));
                assert_eq!((read.range, read.notes.len()), (whole, 0), "{name} {text}");
            }
        }
        for text in [
            "Entire history",
            "2025-12-31 - 2025-01-01",
            "5/1/2025 - 6/1/2025",
        ] {
            let read = properties("Trading range", Cell::Text(text));
            assert_eq!(read.range, None, "{text}");
            assert!(read.notes[0].contains(text), "{:?}", read.notes);
        }
        let mut both = properties("Backtesting range", Cell::Text("2025-01-01 - 2025-12-31"));
        let later = Cell::Text("2025-03-01 - 2025-06-01");
        both.take("Trading range", later, &mut ReadBack::default());
        assert_eq!(both.range, whole);
    }

    #[test]
    fn an_amount_that_can_be_two_numbers_is_both() {
        let of = |text: &str| {
            let read = properties("Initial capital", Cell::Text(text));
            let capital = (read.initial_capital, read.other_capital);
            let read = properties("Point value", Cell::Text(text));
            [capital, (read.point_value, read.other_point_value)]
        };
        let (ten, thousands) = (Some(Decimal::TEN), Some(Decimal::from(10_000)));
        for text in ["10.000", "10,000", "10.000 USD"] {
            assert_eq!(of(text), [(thousands, ten), (ten, thousands)], "{text}");
        }
        for text in ["10,000.00", "10.000,00", "10 000", "10000"] {
            assert_eq!(of(text), [(thousands, None); 2], "{text}");
        }
    }

    #[test]
    fn a_zone_is_read_by_offset_and_city() {
        let read = |text: &str| properties("Timezone", Cell::Text(text)).time_zone;
        for (text, seconds) in [
            ("UTC", 0),
            ("UTC+8", 28_800),
            ("UTC\u{2212}3:30", -12_600),
            ("(UTC+05:30)", 19_800),
            ("GMT+0530", 19_800),
            ("(UTC-3) Nowhere", -10_800),
        ] {
            let zone = read(text).unwrap();
            let offset = zone.to_fixed_offset().unwrap();
            assert_eq!(offset.seconds(), seconds, "{text}");
        }
        for (text, name) in [
            ("(UTC-5) New York", "America/New_York"),
            ("(UTC-4) New York", "America/New_York"),
            ("Europe/Berlin", "Europe/Berlin"),
        ] {
            assert_eq!(read(text).unwrap().iana_name(), Some(name), "{text}");
        }
        let unread = properties("Timezone", Cell::Text("Exchange"));
        assert!(unread.notes[0].contains("Exchange"), "{:?}", unread.notes);
        assert_eq!((read("UTC+x"), read("UTC+99:99")), (None, None));
    }
}
