"""Names where people write them: after a greeting, under a text, behind a title. What stands elsewhere stays."""

from __future__ import annotations

import re

CAPITAL = r"[^\W\d_a-zà-öø-ÿа-яёα-ωά-ώ]"
NAME = rf"(?:{CAPITAL}[^\W\d_]{{1,24}}(?:['’-][^\W\d_]{{1,24}})?|{CAPITAL}['’]{CAPITAL}[^\W\d_]{{1,24}})"
"""A word with a capital (or of a script without any), as names are written."""

PART = (
    r"(?:(?:[Vv]on|[Vv]an|[Dd]e[nrl]?|[Dd][aiou]s?|[Zz]u[mr]?|[Tt]e[nr]?|[Ll][ae]|[Bb][ie]n|[Aa]l|[Ee]l|"
    r"y|e)[ \u00a0]){0,2}"
)
"""Small words within names, as in van der Berg."""

FIRST = rf"(?:{CAPITAL}\.[ \u00a0]?){{0,3}}"
NAMES = rf"{FIRST}{PART}{NAME}(?:\.?[ \u00a0]{PART}{NAME}|[ \u00a0][^\W\d_a-z]\.){{0,2}}"
TITLE = (
    r"(?:mrs?|ms|miss|mx|dr|prof|sir|herrn?|frau|señora?|sra?|srta|doña?|don|madame|monsieur|mme|mlle|signora?|"
    r"sig|dott|senhora?|dona|mevrouw|meneer|heer|dhr|mevr|pani?|госпожа|господин|г-н|г-жа|"
    r"κυρία|κύριε|κυρίου|κύριο|panie|herra|rouva|fru)"
)
GREETING = (
    r"(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|sehr geehrte[rs]?|guten (?:tag|"
    r"morgen|abend)|moin|grüezi|servus|bonjour|bonsoir|ch[eè]re?|salut|hola|estimad[oa]|querid[oa]|buen(?:os|"
    r"as) (?:días|tardes|noches)|ciao|buongiorno|buonasera|gentile|car[oa]|olá|oi|prezad[oa]|bom dia|boa "
    r"(?:tarde|noite)|beste|geachte|goedemorgen|hej|kære|hei|bäst[ae]|szanown[ya]|dzień dobry|witam|cześć|witaj|привет|"
    r"здравствуйте|добрый день|уважаем(?:ый|ая)|дорог(?:ой|ая)|γεια(?: σας| σου)?|αγαπητ(?:έ|ή|οί)|"
    r"καλημέρα|καλησπέρα|merhaba|selam|sayın|sevgili|terve|ahoj|dobrý den|bună ziua|szia|tisztelt)"
)
CLOSING = (
    r"(?:(?:with )?(?:best|kind|kindest|warm|many)? ?(?:regards|wishes)|sincerely(?: yours)?|yours(?: "
    r"(?:sincerely|faithfully|truly))?|respectfully|cheers|many thanks|thanks(?: again| a lot)?|thank you|"
    r"(?:mit )?(?:freundlichen?|besten?|vielen?|herzlichen?|lieben?|schönen?) (?:grüßen?|grüssen?)|mfg|lg|vg|"
    r"gruß|danke|hochachtungsvoll|(?:bien )?cordialement|bien à vous|salutations(?: distinguées)?|merci|(?:un "
    r")?(?:cordial )?saludos?(?: cordiales)?|atentamente|gracias|cordiali saluti|distinti saluti|saluti|grazie|"
    r"atenciosamente|obrigad[oa]|(?:com os melhores )?cumprimentos|abraços?|met vriendelijke groet(?:en)?|"
    r"groet(?:jes|en)?|(?:med )?(?:venlig|vänliga?|vennlig) (?:hilsen|hälsningar)|mvh|z poważaniem|pozdrawiam|"
    r"с уважением|спасибо|με εκτίμηση|ευχαριστώ|saygılarımla|teşekkürler|"
    r"amicalement|bises|bisous|(?:avec )?affection|(?:un )?abbracci[oo]?|con affetto|(?:un )?abrazos?|beijos|"
    r"com carinho|(?:hartelijke |vriendelijke )?groet(?:en)?|liefs|всего (?:доброго|хорошего)|(?:с )?наилучшими "
    r"пожеланиями|(?:με )?φιλικ(?:ά|ούς χαιρετισμούς)|χαιρετισμούς|sevgiler(?:le|imle)?|selamlar|"
    r"serdecznie|ściskam|ystävällisin terveisin|terveisin|s pozdravem|cu stimă|üdvözlettel)"
)
SAID = (
    r"(?:my name is|i am called|signed(?: by)?|mein name ist|ich heiße|je m['’]appelle|mon nom est|me llamo|mi "
    r"nombre es|mi chiamo|meu nome é|me chamo|mijn naam is|ik heet|nazywam się|меня зовут|με λένε|(?:benim "
    r")?adım)"
)
WORDS = (
    "all team sir sirs madam customer customers service services support staff everyone everybody there friend "
    "friends guest guests passenger passengers manager management company reception crew people folks guys "
    "colleagues damen herren kunde kunden kundin leute zusammen kundenservice kundendienst messieurs mesdames "
    "client clients équipe señores clientes cliente equipo signori clienti senhores equipe allen iedereen klant "
    "klantenservice клиент клиенты команда коллеги покупатель grüße grüßen grüsse gruß grüss god "
    "very much again so for you i we it the this "
    "that your my bye ich wir es das die der und and but please bitte ok"
)
NOBODY = frozenset(WORDS.split(" "))
"""Words that stand where a name would and are none."""

WRITTEN = re.sub(r"(?<!\w)\w", lambda m: m[0].upper(), TITLE.removeprefix("(?:").removesuffix(")"))
"""Titles with a capital: in small letters a 'miss.' or 'don' is mostly no title."""

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "廖贾夏韦付邹孟熊秦邱江尹薛闫段侯龙陶黎贺顾郝龚邵万钱严覃武戴莫孔汤張劉陳楊黃趙吳孫馬羅鄭謝許韓鄧蕭葉蘇呂盧鐘"
)
"""Frequent Chinese family names, of one sign; a word that begins otherwise is taken for none."""

ARABIC_TITLE = "السيد|السيدة|الأستاذ|الأستاذة|الدكتور|الدكتورة|عزيزي|عزيزتي|أخي|أختي"
ARABIC = r"(?:\s?[\u0621-\u064a]{2,15})"

PATTERNS = (
    re.compile(rf"(?P<before>\b(?i:{SAID})[ :]+)(?P<name>{NAMES})"),
    re.compile(rf"(?P<before>\b(?:(?:{WRITTEN})\.?|mrs?|ms|dr|herrn?|frau)[ \u00a0]+)(?P<name>{NAMES})"),
    re.compile(
        rf"(?P<before>(?:^|[.!?\n]\s*)(?i:{GREETING}),?[ \u00a0]+(?:(?i:{TITLE})\.?[ ]+)?)(?P<name>{NAMES})"
        r"(?=\s*(?:[,!.:;–\n-]|$))"
    ),
    re.compile(rf"(?P<before>\b(?i:{CLOSING})[ ,.!:;–\n\r-]+)(?P<name>{NAMES})(?P<after>[ .!\s]*$)"),
    re.compile(rf"(?P<before>[.!?,][ \t]*\n\s*)(?P<name>{NAME}[ ](?:{CAPITAL}\.[ ])?{NAME})(?P<after>\s*$)"),
    re.compile(rf"(?P<before>(?:\s[-–—~]|\n\s*[-–—~])[ ]?)(?P<name>{NAME}(?:[ ]{NAME})?)(?P<after>\s*$)"),
    re.compile(r"(?P<before>)(?P<name>[\u4e00-\u9fff]{1,3})(?=(?:先生|女士|小姐|様|さん)(?![\u4e00-\u9fff]))"),
    re.compile(rf"(?P<before>)(?P<name>[{SURNAMES}][\u4e00-\u9fff]{{0,2}})(?=(?:经理|老师|医生|主任|总|師傅|师傅)[，,。：:\s])"),
    re.compile(rf"(?P<before>(?:敬礼|祝好|谨上|谢谢您?|我叫|我的名字(?:是|叫))[，,。！!：:\s]*)(?P<name>[{SURNAMES}][\u4e00-\u9fff]{{1,2}})"
               r"(?=\s*(?:[，,。]|$))"),
    re.compile(rf"(?P<before>)(?P<name>[{SURNAMES}][\u4e00-\u9fff]{{1,2}})(?=\s*(?:敬上|谨上|上)\s*$)"),
    re.compile(r"(?P<before>(?:願い(?:いた|致)?します|敬具|草々)[。、\s]*)(?P<name>[\u4e00-\u9fff]{2,6})(?=\s*$)"),
    re.compile(r"(?P<before>(?:私は|名前は))(?P<name>[\u4e00-\u9fff]{2,6})(?=(?:です|と申します))"),
    re.compile(r"(?P<before>)(?P<name>[\uac00-\ud7af]{2,4})(?=\s*(?:드림|올림)\s*$)"),
    re.compile(rf"(?P<before>(?:^|\s)(?:{ARABIC_TITLE})\s+)(?P<name>{ARABIC}{{1,2}}?)(?=\s+المحترمة?|\s*[،,])"),
    re.compile(
        rf"(?P<before>(?:تحياتي|خالص التحية|فائق الاحترام|اسمي)[،,.\s]+)(?P<name>{ARABIC}{{1,3}})(?=\s*[.،]?\s*$)"
    ),
)  # fmt: skip
ANY_CAPITAL = re.compile(CAPITAL)
NOBODY_HERE = frozenset(("皆", "皆様", "客", "お客", "各位", "尊敬的"))
MARK = "[name]"


def without_names(text: str) -> str:
    """Return a text without the names in its greeting and signature, behind titles and after 'my name is'.

    In eighteen languages, by what stands before them. Names elsewhere stay, and so does a word that is no name ('Dear
    customer'). Rather one word too many than one person.

    Parameters
    ----------
    text : what a customer or an employee wrote.

    Examples
    --------
    >>> without_names("Dear Mrs Miller, the staff was rude. Kind regards, John P. Smith")
    'Dear Mrs [name], the staff was rude. Kind regards, [name]'
    >>> without_names("Dear Team, thanks to Anna. Viele Grüße")
    'Dear Team, thanks to Anna. Viele Grüße'
    """
    for pattern in PATTERNS:
        if not pattern.pattern.endswith("$)") or ANY_CAPITAL.search(_last(text)):
            text = pattern.sub(_hidden, text)
    return text


def _last(text: str) -> str:
    """The last word of a text, without the dots and spaces behind it."""
    end = len(text)
    while end and (text[end - 1].isspace() or text[end - 1] in ".!"):
        end -= 1
    start = end
    while start and (text[start - 1].isalpha() or text[start - 1] in "'’-"):
        start -= 1
    return text[start:end]


def _hidden(found: re.Match) -> str:
    name = found["name"]
    words = re.split(r"[\s.]+", name.strip("."))
    if words[0].casefold() in NOBODY or words[0] in NOBODY_HERE or name.startswith(("皆", "客", "お")):
        return found[0]
    return f"{found['before']}{MARK}{found.groupdict().get('after') or ''}"
