//! The titles of a list of trades, in the languages that TradingView exports in.
//!
//! A title is compared by its letters and digits alone, without case, accents and
//! spaces, so that `Date/Time`, `date time` and a copy that lost its accents are one.
//! Those of German, Spanish, Italian, Russian, Japanese and Chinese are from exports
//! that people published; the others are TradingView's own words for the same things.

use crate::imports::table::is_space;

/// The content of a column in a list of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The number of the trade.
    Trade,
    /// Entry or exit, long or short.
    Type,
    /// Date and time of the fill.
    Date,
    /// The signal that filled.
    Signal,
    /// Price of the fill.
    Price,
    /// Contracts, shares or coins.
    Quantity,
    /// Price times quantity times point value.
    Value,
    /// Net profit of the trade.
    Profit,
    /// Commission of the trade.
    Commission,
    /// The largest gain while the trade was open.
    Favorable,
    /// The largest loss while the trade was open.
    Adverse,
    /// Net profit up to this trade.
    Cumulative,
    /// The same in percent of the initial capital.
    CumulativePercent,
    /// Bars that the trade was open.
    Bars,
}

impl Field {
    /// Every field, in the order in which columns are looked for.
    pub const ALL: [Self; 14] = [
        Self::Trade,
        Self::Type,
        Self::Date,
        Self::Signal,
        Self::Price,
        Self::Quantity,
        Self::Value,
        Self::Profit,
        Self::Commission,
        Self::Favorable,
        Self::Adverse,
        Self::Cumulative,
        Self::CumulativePercent,
        Self::Bars,
    ];

    /// The fields that no list can be without.
    pub const NEEDED: [Self; 6] = [
        Self::Trade,
        Self::Type,
        Self::Date,
        Self::Price,
        Self::Quantity,
        Self::Profit,
    ];

    /// The name under which the owner of a file can say which column it is.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Type => "type",
            Self::Date => "date",
            Self::Signal => "signal",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Value => "value",
            Self::Profit => "profit",
            Self::Commission => "commission",
            Self::Favorable => "favorable",
            Self::Adverse => "adverse",
            Self::Cumulative => "cumulative",
            Self::CumulativePercent => "cumulativePercent",
            Self::Bars => "bars",
        }
    }

    /// TradingView's newest English title, without a currency.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Trade => "Trade number",
            Self::Type => "Type",
            Self::Date => "Date and time",
            Self::Signal => "Signal",
            Self::Price => "Price",
            Self::Quantity => "Size (qty)",
            Self::Value => "Size (value)",
            Self::Profit => "Net PnL",
            Self::Commission => "Commission",
            Self::Favorable => "Favorable excursion",
            Self::Adverse => "Adverse excursion",
            Self::Cumulative => "Cumulative PnL",
            Self::CumulativePercent => "Cumulative PnL %",
            Self::Bars => "Duration (bars)",
        }
    }

    /// The titles that it can have, parted by `|`, the newest first.
    fn names(self) -> &'static str {
        match self {
            Self::Trade => TRADE,
            Self::Type => TYPE,
            Self::Date => DATE,
            Self::Signal => SIGNAL,
            Self::Price => PRICE,
            Self::Quantity => QUANTITY,
            Self::Value => VALUE,
            Self::Profit => PROFIT,
            Self::Commission => COMMISSION,
            Self::Favorable => FAVORABLE,
            Self::Adverse => ADVERSE,
            Self::Cumulative | Self::CumulativePercent => CUMULATIVE,
            Self::Bars => BARS,
        }
    }

    /// Index of its column in a header; of several titles the newest generation's.
    pub(super) fn position(self, header: &[Title]) -> Option<usize> {
        let is_percent = self == Self::CumulativePercent;
        let mut names = self.names().split('|');
        names.find_map(|name| {
            let name = letters(name);
            let is_it = |title: &Title| title.is_percent == is_percent && title.is(&name);
            header.iter().position(is_it)
        })
    }
}

const TRADE: &str = "trade number|trade #|trade no|trade|trade id|\
    tradenummer|trade nummer|trade nr|handelsnummer|handel nr|transaktion nr|\
    operación n.º|n.º de operación|número de operación|número de la operación|operación|n.º de trade|\
    numéro du trade|numéro de trade|n° de trade|numéro de transaction|n° de transaction|transaction n°|transaction|\
    número da negociação|n.º da negociação|negociação n.º|negociação|número do trade|n.º do trade|número da operação|operação|\
    numero trade|numero del trade|numero di trade|n. trade|numero operazione|operazione|\
    numer transakcji|nr transakcji|transakcja|numer pozycji|\
    номер сделки|№ сделки|сделка №|сделка|номер трейда|трейд|\
    işlem numarası|işlem no|işlem|\
    トレード番号|トレード|取引番号|取引|\
    거래 번호|거래|트레이드 번호|트레이드|매매 번호|\
    交易编号|交易|交易编码|交易编号#|交易編號|交易號|交易号";

const TYPE: &str = "type|typ|tipo|tipología|tür|тип|type de transaction|タイプ|種類|種別|유형|타입|종류|类型|類型|种类|種類型";

const DATE: &str = "date and time|date/time|date time|datetime|date|time|\
    datum und uhrzeit|datum/uhrzeit|datum & uhrzeit|datum/zeit|datum|\
    fecha y hora|fecha/hora|fecha|\
    date et heure|date/heure|date & heure|\
    data e hora|data/hora|data e ora|data/ora|data i czas|data i godzina|data/czas|data|\
    дата и время|дата/время|дата|\
    tarih ve saat|tarih ve zaman|tarih/saat|tarih/zaman|tarih|\
    日時|日付/時刻|日付と時刻|日付|\
    날짜 및 시간|날짜와 시간|날짜/시간|일시|날짜|\
    日期和时间|日期/时间|日期与时间|日期时间|时间|日期|日期和時間|日期/時間|日期與時間|日期時間|時間";

const SIGNAL: &str =
    "signal|signaal|señal|sinal|segnale|sygnał|сигнал|sinyal|シグナル|신호|시그널|信号|訊號|信號";

const PRICE: &str = "price|preis|kurs|precio|prix|preço|prezzo|cena|kurs transakcji|цена|fiyat|価格|가격|价格|價格|成交价|成交價";

const QUANTITY: &str = "size (qty)|position size (qty)|size qty|contracts|quantity|qty|size|\
    größe (menge)|größe (anz.)|größe (anzahl)|positionsgröße (menge)|positionsgröße (anz.)|positionsgröße (anzahl)|kontrakte|menge|anzahl|stückzahl|\
    tamaño (cant.)|tamaño (cantidad)|tamaño de la posición (cant.)|tamaño de la posición (cantidad)|contratos|cantidad|\
    taille (qté)|taille (quantité)|taille de la position (qté)|taille de position (qté)|taille de la position (quantité)|taille de position (quantité)|contrats|quantité|qté|\
    tamanho (qtd.)|tamanho (quantidade)|tamanho (qtde.)|tamanho da posição (qtd.)|tamanho da posição (qtde.)|tamanho da posição (quantidade)|quantidade|qtd|qtde|\
    dimensione posizione (quantità)|dimensione (quantità)|dimensione (qtà)|dimensione della posizione (quantità)|dimensioni (quantità)|quantità|contratti|\
    wielkość (ilość)|rozmiar (ilość)|wielkość pozycji (ilość)|rozmiar pozycji (ilość)|ilość|liczba|kontrakty|\
    размер (кол-во)|размер (количество)|размер позиции (кол-во)|размер позиции (количество)|количество|кол-во|контракты|\
    boyut (miktar)|boyut (adet)|büyüklük (miktar)|pozisyon büyüklüğü (miktar)|pozisyon boyutu (miktar)|miktar|adet|kontratlar|sözleşmeler|\
    サイズ (数量)|ポジションサイズ (数量)|数量|契約数|枚数|\
    크기 (수량)|사이즈 (수량)|포지션 크기 (수량)|포지션 사이즈 (수량)|수량|계약|계약수|\
    大小 (数量)|仓位大小 (数量)|规模 (数量)|头寸规模 (数量)|合约|大小 (數量)|倉位大小 (數量)|規模 (數量)|部位大小 (數量)|數量|合約|口數";

const VALUE: &str = "size (value)|position size (value)|\
    größe (wert)|positionsgröße (wert)|\
    tamaño (valor)|tamaño de la posición (valor)|\
    taille (valeur)|taille de la position (valeur)|taille de position (valeur)|\
    tamanho (valor)|tamanho da posição (valor)|\
    dimensione posizione (valore)|dimensione (valore)|dimensione della posizione (valore)|dimensioni (valore)|\
    wielkość (wartość)|rozmiar (wartość)|wielkość pozycji (wartość)|rozmiar pozycji (wartość)|\
    размер (стоимость)|размер (значение)|размер позиции (стоимость)|размер позиции (значение)|\
    boyut (değer)|büyüklük (değer)|pozisyon büyüklüğü (değer)|pozisyon boyutu (değer)|\
    サイズ (金額)|サイズ (値)|サイズ (価値)|ポジションサイズ (金額)|ポジションサイズ (値)|\
    크기 (값)|크기 (금액)|크기 (가치)|사이즈 (금액)|포지션 크기 (값)|포지션 크기 (금액)|포지션 크기 (가치)|\
    大小 (价值)|仓位大小 (价值)|规模 (价值)|大小 (價值)|倉位大小 (價值)|規模 (價值)|部位大小 (價值)";

const PROFIT: &str = "net pnl|net p&l|net profit|profit|p&l|pnl|\
    g&v netto|netto g&v|netto-guv|guv netto|nettogewinn|gewinn|\
    pyg netas|pyg neto|pyg netos|pyg|g/p netas|ganancias netas|ganancia neta|beneficio neto|beneficio|ganancia|p&g netas|p&g neto|\
    p&l net|p&p nets|p&p net|profits et pertes nets|gains et pertes nets|bénéfice net|profit net|bénéfice|\
    l&p líquido|p&l líquido|lucro líquido|lucros e perdas líquidos|lucro|l&p líquidos|\
    p&l netto|profitto netto|profitto|utile netto|\
    zysk/strata netto|zysk i strata netto|zysk netto|z&s netto|zysk|p/l netto|\
    чистая пр/уб|чистые пр/уб|чистая прибыль/убыток|чистые прибыль/убыток|чистая прибыль|прибыль|\
    net k&z|net kâr/zarar|net kar zarar|net kâr|kâr|net k/z|\
    純損益|純利益|損益|利益|\
    순손익|순 손익|순이익|수익|손익|\
    净损益|净盈亏|净利润|损益|盈亏|利润|获利|淨損益|淨利|淨利潤|淨盈虧|損益值|盈虧|利潤|獲利";

const COMMISSION: &str = "commission|commissions|fee|fees|kommission|provision|gebühr|comisión|comisiones|commission payée|frais|comissão|comissões|\
    commissione|commissioni|prowizja|opłata|комиссия|komisyon|手数料|수수료|手续费|佣金|手續費|傭金";

const FAVORABLE: &str = "favorable excursion|favourable excursion|run-up|runup|mfe|\
    positive exkursion|günstige exkursion|vorteilhafte abweichung|run-up|\
    desviación favorable|excursión favorable|excursion favorable|variation favorable|\
    excursão favorável|escursione favorevole|massimale|korzystne odchylenie|korzystny ruch|\
    благоприятное отклонение|благоприятное движение|рост|olumlu sapma|lehte sapma|\
    最大順行幅|順行幅|有利な変動|유리한 변동|유리한 움직임|有利波动|有利偏移|上漲|有利波動|上涨";

const ADVERSE: &str = "adverse excursion|drawdown|mae|\
    negative exkursion|ungünstige exkursion|nachteilige abweichung|\
    desviación adversa|excursión adversa|excursion défavorable|variation défavorable|\
    excursão adversa|escursione avversa|niekorzystne odchylenie|niekorzystny ruch|\
    неблагоприятное отклонение|неблагоприятное движение|просадка|olumsuz sapma|aleyhte sapma|\
    最大逆行幅|逆行幅|不利な変動|불리한 변동|불리한 움직임|不利波动|不利偏移|回撤|不利波動|drawdown máximo";

const CUMULATIVE: &str = "cumulative pnl|cumulative p&l|cumulative profit|cum. profit|cum. pnl|cum. p&l|cum profit|\
    kumulativer g&v|kumulierter g&v|kumulative g&v|kumulierte g&v|kum. gewinn|kumulierter gewinn|\
    pyg acumuladas|pyg acumulado|ganancias acumuladas|ganancia acumulada|beneficio acumulado|p&g acumuladas|\
    p&l cumulé|p&p cumulés|bénéfice cumulé|profits et pertes cumulés|\
    l&p acumulado|p&l acumulado|lucro acumulado|l&p cumulativo|\
    p&l cumulativo|profitto cumulativo|zysk/strata skumulowany|skumulowany zysk/strata|skumulowany zysk|skumulowany p&l|\
    совокупная пр/уб|совокупные пр/уб|накопленная пр/уб|накопленные пр/уб|совокупная прибыль|кумулятивная прибыль|\
    kümülatif k&z|kümülatif kâr/zarar|kümülatif kâr|birikmiş kâr/zarar|\
    累積損益|累計損益|累積利益|누적 손익|누적 수익|누적손익|累计损益|累积损益|累计盈亏|累计利润|累积利润|累積獲利|累計獲利|累積盈虧|累計利潤";

const BARS: &str = "duration (bars)|bars|dauer (bars)|dauer (balken)|dauer (kerzen)|duración (barras)|duración (velas)|durée (barres)|durée (bougies)|\
    duração (barras)|duração (velas)|durata (barre)|durata (candele)|czas trwania (świece)|czas trwania (słupki)|\
    длительность (бары)|продолжительность (бары)|длительность (в барах)|продолжительность (в барах)|süre (bar)|süre (çubuk)|süre (barlar)|\
    期間 (バー)|期間 (足)|継続時間 (バー)|기간 (봉)|기간 (바)|持续时间 (K线)|持續時間 (K線)|持续时间 (K 线)|持續時間 (K棒)";

/// Bytes that a title can have; a longer cell is not a title.
const LONGEST_TITLE: usize = 200;

/// A title taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// The letters of all of it.
    whole: String,
    /// The letters of what stands before a unit, and the unit.
    parts: Option<(String, Unit)>,
    /// True if it ends in a percent sign.
    pub is_percent: bool,
}

/// The unit at the end of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// The code of a currency, or what can be one.
    Code(String),
    /// A currency's sign.
    Sign(&'static str, Option<&'static str>),
    /// A percent sign.
    Percent,
}

impl Title {
    /// Takes a title apart.
    pub fn of(text: &str) -> Self {
        if text.len() > LONGEST_TITLE {
            return Self {
                whole: String::new(),
                parts: None,
                is_percent: false,
            };
        }
        let text: String = text.chars().map(narrow).collect();
        let text = text.trim_matches(is_space);
        let at_end = || unit_at_end(text).map(|(name, unit)| (letters(name), unit));
        let parts = unit_at_begin(text).or_else(at_end);
        Self {
            is_percent: matches!(parts, Some((_, Unit::Percent))),
            whole: letters(text),
            parts,
        }
    }

    /// True if it is a name, alone or with a unit after it.
    pub fn is(&self, letters: &str) -> bool {
        let named = |(name, _): &(String, Unit)| name == letters;
        !letters.is_empty() && (self.whole == letters || self.parts.as_ref().is_some_and(named))
    }

    /// The unit that it ends in, where it can be one.
    pub fn unit(&self) -> Option<&Unit> {
        self.parts.as_ref().map(|(_, unit)| unit)
    }

    /// True if all of it is a name of a field, so that nothing in it is a unit.
    pub fn is_whole(&self, field: Field) -> bool {
        let mut names = field.names().split('|');
        names.any(|name| letters(name) == self.whole)
    }
}

/// The signs that currencies have in a title, and the code of those that are one
/// currency's own; `¥`, `kr` and the dollar of many countries are several's.
const SIGNS: [(&str, Option<&str>); 43] = [
    ("US$", Some("USD")),
    ("A$", Some("AUD")),
    ("C$", Some("CAD")),
    ("CA$", Some("CAD")),
    ("HK$", Some("HKD")),
    ("NZ$", Some("NZD")),
    ("NT$", Some("TWD")),
    ("S$", Some("SGD")),
    ("MX$", Some("MXN")),
    ("R$", Some("BRL")),
    ("CN¥", Some("CNY")),
    ("JP¥", Some("JPY")),
    ("RMB", Some("CNY")),
    ("€", Some("EUR")),
    ("£", Some("GBP")),
    ("₹", Some("INR")),
    ("₿", Some("BTC")),
    ("Ξ", Some("ETH")),
    ("₽", Some("RUB")),
    ("₩", Some("KRW")),
    ("₺", Some("TRY")),
    ("₫", Some("VND")),
    ("₪", Some("ILS")),
    ("₴", Some("UAH")),
    ("₦", Some("NGN")),
    ("₱", Some("PHP")),
    ("฿", Some("THB")),
    ("₸", Some("KZT")),
    ("₼", Some("AZN")),
    ("₾", Some("GEL")),
    ("₲", Some("PYG")),
    ("₡", Some("CRC")),
    ("₮", Some("USDT")),
    ("元", Some("CNY")),
    ("円", Some("JPY")),
    ("zł", Some("PLN")),
    ("Kč", Some("CZK")),
    ("Ft", Some("HUF")),
    ("lei", Some("RON")),
    ("Rs", None),
    ("$", None),
    ("¥", None),
    ("kr", None),
];

/// Words in parentheses that say what a number counts, not in which currency.
const NO_CURRENCIES: [&str; 12] = [
    "value", "qty", "pct", "bars", "quantity", "wert", "valor", "valeur", "valore", "number",
    "time", "no",
];

/// Parts a title from the unit that it ends in.
fn unit_at_end(text: &str) -> Option<(&str, Unit)> {
    let is_apart =
        |letter: char| is_space(letter) || matches!(letter, ',' | '(' | ')' | '[' | ']' | ':');
    let bare = text.trim_end_matches(is_apart);
    if let Some(name) = bare.strip_suffix('%') {
        return Some((name, Unit::Percent));
    }
    for (sign, code) in SIGNS {
        if let Some(name) = bare.strip_suffix(sign)
            && (name.ends_with(is_apart) || !sign.is_ascii() || sign == "$")
            && !name.trim_matches(is_apart).is_empty()
        {
            return Some((name, Unit::Sign(sign, code)));
        }
    }
    let (name, unit) = bare.rsplit_once(is_apart)?;
    let is_code = (2..=12).contains(&unit.len())
        && unit.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && unit.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !NO_CURRENCIES.contains(&unit.to_ascii_lowercase().as_str());
    is_code.then(|| (name, Unit::Code(unit.to_uppercase())))
}

/// Parts a title from the unit that it begins with, where what is left is the name of a field.
fn unit_at_begin(text: &str) -> Option<(String, Unit)> {
    let is_apart = |letter: char| is_space(letter) || matches!(letter, '(' | ')' | '[' | ']' | ':');
    let text = text.trim_start_matches(is_apart);
    let of_sign = unit_of_sign(text, |sign| text.strip_prefix(sign));
    let (name, unit) = match of_sign {
        Some(found) => found,
        None if text.starts_with('%') => (&text[1..], Unit::Percent),
        None => {
            let (code, name) = text.split_once(is_apart)?;
            (name, Unit::Code(code_of(code)?.to_owned()))
        }
    };
    let name = letters(name);
    let is_field = Field::ALL.iter().any(|field| {
        let mut names = field.names().split('|');
        names.any(|known| letters(known) == name)
    });
    (is_field && !name.is_empty()).then_some((name, unit))
}

/// The first sign that is found, and what is left without it.
fn unit_of_sign<'text>(
    text: &'text str,
    without: impl Fn(&str) -> Option<&'text str>,
) -> Option<(&'text str, Unit)> {
    SIGNS.iter().find_map(|(sign, code)| {
        let name = without(sign).filter(|name| name.len() < text.len())?;
        // A sign of letters is a word of its own.
        let is_word = sign.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_apart = !name.starts_with(char::is_alphanumeric);
        (!is_word || is_apart).then_some((name, Unit::Sign(sign, *code)))
    })
}

/// A code of a currency as it is written beside amounts.
fn code_of(text: &str) -> Option<&str> {
    let is_code =
        (3..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then_some(text)
}

/// The unit that a text alone is: a sign or a code.
pub fn unit_alone(text: &str) -> Option<Unit> {
    let sign = SIGNS.iter().find(|(sign, _)| *sign == text);
    match sign {
        Some((sign, code)) => Some(Unit::Sign(sign, *code)),
        None => code_of(text).map(|code| Unit::Code(code.to_owned())),
    }
}

/// The letters and digits of a title: without case, accents, spaces and marks.
pub fn letters(text: &str) -> String {
    let lower = text.chars().map(narrow).flat_map(char::to_lowercase);
    let plain = lower.map(plain).filter(|letter| letter.is_alphanumeric());
    plain.collect()
}

/// A full-width letter or mark of East Asian typography as its usual form.
pub fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        other => other,
    }
}

/// A lower-case letter without its accent; the dot of a Turkish one is no letter.
fn plain(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' => 'n',
        'ò'..='ö' | 'ø' | 'ő' => 'o',
        'ś' | 'š' | 'ş' => 's',
        'ù'..='ü' | 'ū' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ё' => 'е',
        '\u{300}'..='\u{36f}' | 'º' | 'ª' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_told_from_the_name() {
        let unit = |text: &str| Title::of(text).unit().cloned();
        let code = |text: &str| Some(Unit::Code(text.to_owned()));
        assert_eq!(unit("Net P&L USD"), code("USD"));
        assert_eq!(unit("Price (usdt)"), code("USDT"));
        assert_eq!(unit("Profit"), None);
        assert_eq!(unit("Size (value)"), None);
        assert_eq!(unit("Net PnL %"), Some(Unit::Percent));
        assert_eq!(unit("净损益 ％"), Some(Unit::Percent));
        assert_eq!(unit("Profit €"), Some(Unit::Sign("€", Some("EUR"))));
        assert_eq!(unit("Profit $"), Some(Unit::Sign("$", None)));
        assert_eq!(unit("Profit HK$"), Some(Unit::Sign("HK$", Some("HKD"))));
        assert_eq!(unit("Profit kr"), Some(Unit::Sign("kr", None)));
        for before in ["€ Net PnL", "€\u{a0}Profit", "(€) Cum. profit", "€Price"] {
            assert_eq!(unit(before), Some(Unit::Sign("€", Some("EUR"))), "{before}");
        }
        assert_eq!(unit("US$ Profit"), Some(Unit::Sign("US$", Some("USD"))));
        assert_eq!(unit("kr Profit"), Some(Unit::Sign("kr", None)));
        assert_eq!(unit("EUR Net PnL"), code("EUR"));
        assert_eq!(unit("% Net PnL"), Some(Unit::Percent));
        assert_eq!(unit_alone("R$"), Some(Unit::Sign("R$", Some("BRL"))));
        assert_eq!((unit_alone("USDT"), unit_alone("e")), (code("USDT"), None));
    }

    fn is_of(title: &str, field: Field) -> bool {
        field.position(&[Title::of(title)]).is_some()
    }

    #[test]
    fn titles_are_known_without_case_accents_and_marks() {
        for (title, field) in [
            ("Trade #", Field::Trade),
            ("№ сделки", Field::Trade),
            ("N.º de operación", Field::Trade),
            ("交易 #", Field::Trade),
            ("İşlem #", Field::Trade),
            ("DATE/TIME", Field::Date),
            ("Größe (Menge)", Field::Quantity),
            (
                "GROSSE (MENGE)".replace("SS", "ß").as_str(),
                Field::Quantity,
            ),
            ("大小（数量）", Field::Quantity),
            ("サイズ (金額)", Field::Value),
            ("Net P&L USD", Field::Profit),
            ("Profit ₿", Field::Profit),
            ("G&V netto EUR", Field::Profit),
            ("PyG acumuladas %", Field::CumulativePercent),
            ("持续时间（K线）", Field::Bars),
        ] {
            assert!(is_of(title, field), "{title}");
        }
        assert!(!is_of("Net P&L %", Field::Profit));
        assert!(!is_of("Size (value)", Field::Quantity));
        assert!(!is_of("", Field::Trade));
    }
}
