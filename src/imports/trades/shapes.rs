//! Lists in every language and shape: one list of trades, written in many ways, is read
//! as the same trades, and what cannot be read says what it is.

use super::tests::zone;
use super::*;
use crate::imports::{Kind, kind_of};

/// A row: trade, whether exit, whether long; time, signal, price, quantity, value, profit.
type Written = (
    u64,
    bool,
    bool,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Four trades: two long, two short, one that loses, the last still open.
const ROWS: [Written; 8] = [
    (
        1,
        false,
        true,
        "2025-01-13 15:30",
        "L",
        "100.5",
        "2",
        "201",
        "9",
    ),
    (
        1,
        true,
        true,
        "2025-01-14 16:30",
        "X",
        "105",
        "2",
        "201",
        "9",
    ),
    (
        2,
        false,
        false,
        "2025-01-15 09:00",
        "S",
        "105",
        "3",
        "315",
        "-4.5",
    ),
    (
        2,
        true,
        false,
        "2025-01-15 18:00",
        "X",
        "106.5",
        "3",
        "315",
        "-4.5",
    ),
    (
        3,
        false,
        false,
        "2025-01-16 09:00",
        "S",
        "106",
        "1",
        "106",
        "6",
    ),
    (
        3,
        true,
        false,
        "2025-01-17 10:15",
        "X",
        "100",
        "1",
        "106",
        "6",
    ),
    (
        4,
        false,
        true,
        "2025-01-20 09:00",
        "L",
        "101",
        "1",
        "101",
        "-2",
    ),
    (
        4,
        true,
        true,
        "2025-01-21 09:00",
        "X",
        "99",
        "1",
        "101",
        "-2",
    ),
];

/// The words of a language for the columns and the four sides.
struct Language {
    /// Trade, type, date, signal, price, quantity, value, profit, profit in percent.
    titles: &'static str,
    /// Entry long, exit long, entry short, exit short.
    sides: &'static str,
}

/// The first six are as published exports have them, the others TradingView's own words.
const LANGUAGES: [Language; 13] = [
    Language {
        titles: "Trade #|Typ|Datum und Uhrzeit|Signal|Preis USD|Größe (Menge)|Größe (Wert)|G&V netto USD|G&V netto %",
        sides: "Long-Einstieg|Long-Ausstieg|Short-Einstieg|Short-Ausstieg",
    },
    Language {
        titles: "Trade number|Tipo|Fecha y hora|Señal|Precio USD|Tamaño (cant.)|Tamaño de la posición (valor)|PyG netas USD|PyG netas %",
        sides: "Entrada en largo|Salida en largo|Entrada en corto|Salida en corto",
    },
    Language {
        titles: "Trade #|Tipo|Data/Ora|Segnale|Prezzo USD|Dimensione posizione (quantità)|Dimensione posizione (valore)|P&L Netto USD|P&L Netto %",
        sides: "Entrata long|Uscita long|Entrata short|Uscita short",
    },
    Language {
        titles: "Номер сделки|Тип|Дата и время|Сигнал|Цена USD|Размер (кол-во)|Размер (стоимость)|Чистая ПР/УБ USD|Чистая ПР/УБ %",
        sides: "Вход в длинную позицию|Выход из длинной позиции|Вход в короткую позицию|Выход из короткой позиции",
    },
    Language {
        titles: "トレード番号|タイプ|日時|シグナル|価格 USD|サイズ (数量)|サイズ (金額)|純損益 USD|純損益 %",
        sides: "ロングエントリー|ロング決済|ショートエントリー|ショート決済",
    },
    Language {
        titles: "交易编号|类型|日期和时间|信号|价格 USD|大小（数量）|大小（价值）|净损益 USD|回报 %",
        sides: "多头进场|多头出场|空头进场|空头出场",
    },
    Language {
        titles: "交易 #|類型|日期/時間|訊號|價格 USD|合約|倉位大小 (價值)|獲利 USD|獲利 %",
        sides: "多頭進場|多頭出場|空頭進場|空頭出場",
    },
    Language {
        titles: "N° de trade|Type|Date et heure|Signal|Prix USD|Taille (qté)|Taille (valeur)|P&L net USD|P&L net %",
        sides: "Entrée longue|Sortie longue|Entrée courte|Sortie courte",
    },
    Language {
        titles: "Nº da negociação|Tipo|Data e hora|Sinal|Preço USD|Tamanho (qtd.)|Tamanho (valor)|L&P líquido USD|L&P líquido %",
        sides: "Entrada comprada|Saída comprada|Entrada vendida|Saída vendida",
    },
    Language {
        titles: "Transakcja #|Typ|Data i godzina|Sygnał|Cena USD|Wielkość (ilość)|Wielkość (wartość)|Zysk/strata netto USD|Zysk/strata netto %",
        sides: "Wejście w długą|Wyjście z długiej|Wejście w krótką|Wyjście z krótkiej",
    },
    Language {
        titles: "İşlem #|Tür|Tarih ve saat|Sinyal|Fiyat USD|Boyut (miktar)|Boyut (değer)|Net K&Z USD|Net K&Z %",
        sides: "Uzun giriş|Uzun çıkış|Kısa giriş|Kısa çıkış",
    },
    Language {
        titles: "거래 #|유형|날짜 및 시간|신호|가격 USD|크기 (수량)|크기 (금액)|순손익 USD|순손익 %",
        sides: "롱 진입|롱 청산|숏 진입|숏 청산",
    },
    // No language at all: everything is to be told by what stands there.
    Language {
        titles: "αα|ββ|γγ|δδ|εε USD|ζζ|ηη|θθ USD|ιι %",
        sides: "aa|bb|cc|dd",
    },
];

impl Language {
    /// The list in this language, its numbers and dates written in one of several ways.
    fn list(&self, writing: &Writing) -> Vec<u8> {
        let sides: Vec<&str> = self.sides.split('|').collect();
        let separator = writing.separator;
        let mut lines = vec![self.titles.replace('|', separator)];
        for (number, is_exit, is_long, time, signal, price, quantity, value, profit) in ROWS {
            let side = sides[usize::from(is_exit) + 2 * usize::from(!is_long)];
            let percent = "1.25";
            let numbers =
                [price, quantity, value, profit, percent].map(|text| writing.number(text));
            let [price, quantity, value, profit, percent] = numbers;
            let time = writing.time(time);
            let number = number.to_string();
            let cells = [
                &number, side, &time, signal, &price, &quantity, &value, &profit, &percent,
            ];
            lines.push(cells.join(separator));
        }
        if writing.is_newest_first {
            lines[1..].reverse();
        }
        (writing.encode)(&(lines.join(writing.line_end) + writing.line_end))
    }
}

/// A way in which a program saves a table.
struct Writing {
    separator: &'static str,
    line_end: &'static str,
    has_comma: bool,
    is_newest_first: bool,
    date: &'static str,
    encode: fn(&str) -> Vec<u8>,
}

impl Writing {
    fn number(&self, text: &str) -> String {
        if self.has_comma {
            text.replace('.', ",").replace('-', "\u{2212}")
        } else {
            text.to_owned()
        }
    }

    fn time(&self, text: &str) -> String {
        let time: jiff::civil::DateTime = text.parse().unwrap();
        time.strftime(self.date).to_string()
    }
}

fn utf_8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn marked(text: &str) -> Vec<u8> {
    [b"\xef\xbb\xbf", text.as_bytes()].concat()
}

fn utf_16(text: &str) -> Vec<u8> {
    let marked = format!("\u{feff}{text}");
    marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

const WRITINGS: [Writing; 7] = [
    Writing {
        separator: ",",
        line_end: "\n",
        has_comma: false,
        is_newest_first: false,
        date: "%Y-%m-%d %H:%M",
        encode: utf_8,
    },
    Writing {
        separator: ";",
        line_end: "\r\n",
        has_comma: true,
        is_newest_first: true,
        date: "%d.%m.%Y %H:%M",
        encode: marked,
    },
    Writing {
        separator: ";",
        line_end: "\r\n",
        has_comma: true,
        is_newest_first: false,
        date: "%d.%m.%y %H:%M",
        encode: marked,
    },
    Writing {
        separator: "\t",
        line_end: "\n",
        has_comma: false,
        is_newest_first: true,
        date: "%-m/%-d/%y %-I:%M %p",
        encode: utf_16,
    },
    Writing {
        separator: ",",
        line_end: "\r",
        has_comma: false,
        is_newest_first: false,
        date: "%d-%b-%y %H:%M",
        encode: utf_8,
    },
    Writing {
        separator: "\t",
        line_end: "\r\n",
        has_comma: true,
        is_newest_first: false,
        date: "%d/%m/%Y %H:%M:%S",
        encode: utf_16,
    },
    Writing {
        separator: ",",
        line_end: "\n",
        has_comma: false,
        is_newest_first: true,
        date: "%Y年%-m月%-d日 %H:%M",
        encode: utf_8,
    },
];

/// A trade without its numbers' scale.
fn shown(trade: &ListedTrade) -> String {
    let side = |side: &Side| {
        let signal = side.signal.as_deref().unwrap_or_default();
        format!("{} {} {signal}", side.time, side.price.get().normalize())
    };
    let exit = trade.exit.as_ref().map(side);
    let (number, direction) = (trade.number, trade.direction);
    let (quantity, profit) = (
        trade.quantity.get().normalize(),
        trade.net_profit.normalize(),
    );
    format!(
        "{number} {direction} {quantity} {} {exit:?} {profit}",
        side(&trade.entry)
    )
}

#[test]
fn a_list_is_the_same_in_every_language_and_writing() {
    let english = Language {
        titles: "Trade number|Type|Date and time|Signal|Price USD|Size (qty)|Size (value)|Net PnL USD|Return %",
        sides: "Entry long|Exit long|Entry short|Exit short",
    };
    let list_of = |file: &[u8]| read(file, &zone("UTC"));
    let expected = list_of(&english.list(&WRITINGS[0])).unwrap();
    let expected: Vec<String> = expected.trades.iter().map(shown).collect();
    assert_eq!(expected.len(), 4);
    for language in [english].iter().chain(&LANGUAGES) {
        for writing in &WRITINGS {
            let file = language.list(writing);
            let text = crate::imports::text::Text::of(&file).unwrap();
            let text = text.begin();
            let list = list_of(&file).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let found: Vec<String> = list.trades.iter().map(shown).collect();
            assert_eq!(found, expected, "{text}");
            assert_eq!(list.currency.as_deref(), Some("USD"), "{text}");
            let is_unknown = language.titles.starts_with('α');
            let says = |word: &str| list.notes.iter().any(|note| note.contains(word));
            assert_eq!(
                says("recognised by what stands under them"),
                is_unknown,
                "{:?}",
                list.notes
            );
            assert_eq!(
                says("the words for entry and exit"),
                is_unknown,
                "{:?}",
                list.notes
            );
            assert_eq!(
                says("have two digits"),
                writing.date.contains("%y"),
                "{:?}",
                list.notes
            );
            assert_eq!(
                kind_of(&file, &Choices::default()),
                Ok(Kind::Trades),
                "{text}"
            );
        }
    }
}

#[test]
fn the_owner_can_name_the_columns() {
    let file = "a;b;c;d;e;f\n1;Entry long;100;1;0;2026-01-05 10:00\n1;Exit long;100;1;0;2026-01-05 11:00\n";
    let unnamed = read(file.as_bytes(), &zone("UTC")).unwrap_err().to_string();
    assert!(unnamed.contains("name its columns"), "{unnamed}");
    let columns = [
        "trade=1",
        "type=b",
        "price=c",
        "quantity=4",
        "profit=e",
        "date=6",
    ];
    let options = Options {
        columns: Choices::read(columns).unwrap(),
        ..zone("UTC")
    };
    let list = read(file.as_bytes(), &options).unwrap();
    assert_eq!(list.trades.len(), 1);
    assert_eq!(list.trades[0].entry.price.get(), Decimal::ONE_HUNDRED);
}

#[test]
fn a_file_that_is_something_else_is_called_by_its_name() {
    for (file, is, advice) in [
        (
            ",All USD,All %,Long USD,Long %,Short USD,Short %\nNet profit,424.19,42.42,424.19,42.42,0,0\n",
            "Performance",
            "List of trades",
        ),
        (
            ",All USD,All %,Long USD,Long %,Short USD,Short %\nTotal trades,4,,2,,2,\nWinning trades,4,,2,,2,\n",
            "Trades analysis",
            "List of trades",
        ),
        (
            ",All USD,All %,Long USD,Long %,Short USD,Short %\nSharpe ratio,0.4,,,,,\n",
            "Risk performance ratios",
            "List of trades",
        ),
        (
            "Symbol,Side,Type,Qty,Limit Price,Stop Price,Fill Price,Status,Commission,Placing Time,Closing Time,Order ID,Level ID,Leverage,Margin\nCOMEX:GC1!,Buy,Market,1,,,3860.1,Filled,,2025-10-02 15:31:10,2025-10-02 15:31:10,1,,20:1,\n",
            "order history",
            "List of trades",
        ),
        (
            "time,open,high,low,close,Volume\n1,2,3,4,5,6\n",
            "chart's prices",
            "List of trades",
        ),
        (
            "name,value\nSymbol,NASDAQ:AAPL\n",
            "Properties",
            "List of trades",
        ),
        (
            "Alert ID,Ticker,Name,Description,Time\n",
            "alert log",
            "Import it as alerts",
        ),
    ] {
        let error = read(file.as_bytes(), &zone("UTC")).unwrap_err().to_string();
        assert!(error.contains(is) && error.contains(advice), "{error}");
        assert!(!error.contains("English"), "{error}");
    }
}

#[test]
fn a_column_that_was_left_out_is_named_alone() {
    let file = "Trade number,Type,Date and time,Signal,Price USD,Net PnL USD,Cumulative PnL USD
1,Exit long,2025-06-30 03:10,X,22860.25,42.5,42.5
1,Entry long,2025-06-29 22:10,L,22839,42.5,42.5
";
    let error = read(file.as_bytes(), &zone("UTC")).unwrap_err().to_string();
    assert!(error.contains("there is no column Size (qty);"), "{error}");
    assert!(error.contains("with all of its columns"), "{error}");
    assert!(!error.contains("English"), "{error}");
}

#[test]
fn a_list_of_trades_that_is_brought_in_as_alerts_says_so() {
    let file = LANGUAGES[0].list(&WRITINGS[0]);
    let error = crate::imports::alerts::read(&file).unwrap_err().to_string();
    assert!(error.contains("is a list of trades"), "{error}");
}

#[test]
fn dates_that_could_be_two_are_decided_by_what_can_be() {
    let list = |dates: [(&str, &str); 2]| {
        let mut file = "Trade #,Type,Date/Time,Price,Contracts,Profit\n".to_owned();
        for (number, (entry, exit)) in (1_u32..).zip(dates) {
            let number = number.to_string();
            for (side, time) in [("Entry", entry), ("Exit", exit)] {
                let row = [
                    number.as_str(),
                    &format!("{side} long"),
                    time,
                    "100",
                    "1",
                    "1",
                ];
                file = file + &row.join(",") + "\n";
            }
        }
        read(file.as_bytes(), &zone("UTC")).map(|list| list.trades[0].entry.time.to_string())
    };
    // The day cannot be second: the exit would be before the entry.
    let one = list([("05/03/2025", "06/02/2025"), ("07/04/2025", "08/04/2025")]);
    assert_eq!(one.unwrap(), "2025-05-03T00:00:00Z");
    // 11 December 2026 is yet to come.
    let two = list([("11/10/26", "11/12/26"), ("11/11/26", "11/12/26")]);
    assert_eq!(two.unwrap(), "2026-11-10T00:00:00Z");
    // What changes least is the year.
    let three = list([("26/01/20", "26/01/21"), ("26/01/22", "26/01/28")]);
    assert_eq!(three.unwrap(), "2026-01-20T00:00:00Z");
    let either = list([("5/1/25", "6/1/25"), ("7/1/25", "8/1/25")]);
    assert!(
        either
            .unwrap_err()
            .to_string()
            .contains("day or the month first")
    );
}

#[test]
fn an_alert_log_is_known_in_any_language() {
    let log = "Alarm-ID,Ticker,Bezeichnung,Beschreibung,Zeit
1,\"BINANCE:BTCUSDT, 1m\",Mein Alarm,\"{\"\"ticker\"\": \"\"BTCUSDT\"\"}\",2026-01-05T14:30:00Z
";
    assert_eq!(
        kind_of(log.as_bytes(), &Choices::default()),
        Ok(Kind::Alerts)
    );
    let file = crate::imports::alerts::read(log.as_bytes()).unwrap();
    assert_eq!(file.alerts[0].name.as_deref(), Some("Mein Alarm"));
    let empty = kind_of(
        "Alarm-ID,Ticker,Bezeichnung,Beschreibung,Zeit\n".as_bytes(),
        &Choices::default(),
    );
    assert!(empty.unwrap_err().to_string().contains("Description"));
}
