"""What the small world is made of: kinds of being, names, places, things, colours, wishes, in both languages."""

from dataclasses import dataclass

ROLES = ("hero", "helper", "rival")
SENTIMENTS = ("happy", "sad")
PLOTS = ("lost", "stolen", "sold", "lent")


@dataclass(frozen=True)
class Word:
    """A word in both languages; `measure` is the Chinese measure word that counts it."""

    en: str
    zh: str
    measure: str = "個"


@dataclass(frozen=True)
class Kind(Word):
    """A kind of being. `gender` is "m", "f" or "" (either)."""

    gender: str = ""
    animal: bool = False


@dataclass(frozen=True)
class Name:
    en: str
    zh: str
    gender: str


@dataclass(frozen=True)
class Wish:
    """Something to dream of: `en` follows "dreamed of", `zh` follows 「夢想」."""

    en: str
    zh: str


KINDS = (
    Kind("prince", "王子", "位", "m"),
    Kind("princess", "公主", "位", "f"),
    Kind("boy", "男孩", "個", "m"),
    Kind("girl", "女孩", "個", "f"),
    Kind("knight", "騎士", "位"),
    Kind("baker", "麵包師傅", "位"),
    Kind("sailor", "水手", "位"),
    Kind("tailor", "裁縫", "位"),
    Kind("fox", "狐狸", "隻", animal=True),
    Kind("rabbit", "兔子", "隻", animal=True),
    Kind("bear", "大熊", "隻", animal=True),
    Kind("cat", "花貓", "隻", animal=True),
    Kind("owl", "貓頭鷹", "隻", animal=True),
    Kind("mouse", "老鼠", "隻", animal=True),
    Kind("turtle", "烏龜", "隻", animal=True),
    Kind("squirrel", "松鼠", "隻", animal=True),
    Kind("frog", "青蛙", "隻", animal=True),
)
NAMES = tuple(
    Name(en, zh, gender)
    for gender, names in {
        "m": (
            ("Leo", "樂樂"), ("Max", "威威"), ("Tom", "康康"), ("Ben", "皮皮"),
            ("Sam", "浩浩"), ("Finn", "強強"), ("Hugo", "奇奇"), ("Otto", "豪豪"),
            ("Jack", "軒軒"), ("Noah", "凱凱"), ("Theo", "宏宏"), ("Felix", "傑傑"),
        ),
        "f": (
            ("Mia", "莉莉"), ("Lily", "珊珊"), ("Anna", "婷婷"), ("Emma", "琪琪"),
            ("Ruby", "蓓蓓"), ("Nora", "芳芳"), ("Ella", "妮妮"), ("Luna", "娜娜"),
            ("Zoe", "瑩瑩"), ("Ivy", "萱萱"), ("Clara", "玲玲"), ("Rosa", "蓉蓉"),
        ),
    }.items()
    for en, zh in names
)  # fmt: skip
PLACES = (
    Word("kingdom", "王國"),
    Word("village", "村莊", "座"),
    Word("valley", "山谷", "座"),
    Word("town", "小鎮", "座"),
    Word("forest", "森林", "座"),
    Word("castle", "城堡", "座"),
    Word("city", "城市", "座"),
)
COLOURS = (
    Word("red", "紅色"),
    Word("blue", "藍色"),
    Word("green", "綠色"),
    Word("yellow", "黃色"),
    Word("white", "白色"),
    Word("black", "黑色"),
    Word("silver", "銀色"),
    Word("golden", "金色"),
)
THINGS = (
    Word("lantern", "燈籠", "盞"),
    Word("kite", "風箏", "只"),
    Word("bell", "鈴鐺", "個"),
    Word("umbrella", "雨傘", "把"),
    Word("flute", "笛子", "支"),
    Word("key", "鑰匙", "把"),
    Word("hat", "帽子", "頂"),
    Word("scarf", "圍巾", "條"),
    Word("cup", "杯子", "個"),
    Word("drum", "小鼓", "面"),
    Word("mirror", "鏡子", "面"),
    Word("ring", "戒指", "枚"),
)
WISHES = (
    Wish("seeing the sea", "看見大海"),
    Wish("flying above the clouds", "飛到雲上"),
    Wish("singing for the moon", "為月亮唱歌"),
    Wish("building a boat", "造一艘船"),
    Wish("finding a true friend", "找到真正的朋友"),
    Wish("learning magic", "學會魔法"),
    Wish("walking around the world", "走遍世界"),
    Wish("climbing the highest mountain", "爬上最高的山"),
)
CONTESTS = (
    Word("a race", "賽跑"),
    Word("a riddle", "猜謎"),
    Word("a song", "唱歌"),
    Word("a game of chess", "下棋"),
    Word("a dance", "跳舞"),
    Word("a game of cards", "玩牌"),
)
