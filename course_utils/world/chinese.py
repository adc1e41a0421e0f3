"""The Chinese side of the story grammar (Traditional, Taiwan). See grammar.py for the way templates are written."""
from .english import _replace
from .grammar import Node, case, template

PLOT = {
    "lost": "[它掉進河裡了|它從袋子裡滑出去了|它被忘在路上了|它被風吹走了]",
    "stolen": "[它在夜裡被偷走了|小偷拿著它跑了|有人從架子上拿走了它|它在廟會上被偷了]",
    "sold": "[它被拿去換麵包了|它被拿去換大衣了|它在市場上賣掉了|小販把它買走了]",
    "lent": "[它借給鄰居了|它被借走，一直沒有還|陌生人把它借走了|它借給人家辦喜事了]",
}

OPENING = [
    "[很久很久以前|從前|許多年前|有一年春天]，在一個[遙遠|寧靜|溫暖|下雪|多霧|小小|翠綠]的{place}裡，"
    "住著一{hero.measure}[年輕|可愛|好奇|勇敢|開朗]的{hero.kind}，[名叫{hero.name}|大家都叫{hero.him}{hero.name}|"
    "夢想著冒險，名字叫做{hero.name}]。",
    "[遙遠|寧靜|溫暖|下雪|多霧|小小|翠綠]的{place}裡，有一{hero.measure}[年輕|可愛|好奇|勇敢|開朗]的{hero.kind}，"
    "名叫{hero.name}。",
]
TREASURE = [
    "[{hero.he}最心愛的東西是|{hero.he}最寶貝的是|{hero.he}日日夜夜帶在身邊的是|{hero.name}沒有什麼財產，只有|"
    "{hero.he}家門邊掛著]一{thing.measure}{colour}的{thing}[，是老朋友送的禮物|，誰也說不出它有多老|，在陽光下閃閃發亮|]。",
]
WISH = [
    "{hero.he}[常常夢想|偷偷夢想|每天晚上都說，{hero.he}夢想]著{wish}。",
    "{hero.he}最大的夢想是{wish}。",
    "每天夜裡，{hero.name}都夢見自己{wish}。",
]
LOSS = [
    "可是在一個[下雨|寒冷|颳風|起霧]的[早晨|傍晚|日子]，那{thing.measure}{colour}的{thing}不見了。",
    "在一個[下雨|寒冷|颳風|起霧]的[早晨|傍晚|日子]，{hero.name}到處找{thing}，卻怎麼也找不到。",
    "一個[下雨|寒冷|颳風|起霧]的[早晨|傍晚|日子]，{hero.he}一覺醒來，{colour}的{thing}已經無影無蹤。",
]
MEETING = [
    "[在井邊|在門口|在老樹下|在樓梯上|在街角]，{hero.name}遇見了一{helper.measure}[善良|聰明|親切|快樂|溫柔]的"
    "{helper.kind}{helper.name}。",
    "一{helper.measure}[善良|聰明|親切|快樂|溫柔]的{helper.kind}{helper.name}[正好路過|走了過來|停在門前]。",
]
GREETING = [
    "「你好，你好嗎？」{helper.name}[說|問]。",
    "「[早安|你好]，{hero.name}，[怎麼了|怎麼不說話|你要去哪裡]？」{helper.name}問。",
]
ANSWER = [
    "「[我的{thing}不見了|我在找我的{thing}|我找不到我的{thing}]。」{hero.name}[說|回答|小聲地說]。",
]
GUESS = (
    ["「也許", "「我想", "「聽說"], case("rumour", PLOT), "。」{helper.name}說。",
    ["「不，", "「不是的，"], case("plot", PLOT), "。」{hero.name}[說|回答]。",
)
JOURNEY = [
    "於是{hero.name}和{helper.name}[一起|馬上|天還沒亮就|手牽著手]出發了。",
    "「[走，我們去找它|我們一起去找吧|我來幫你]。」{helper.name}說。他們就這樣出發了。",
]
ROAD = [
    "他們[渡過深深的河|爬過高高的山丘|穿過黑暗的樹林|沿著彎彎的小路走|睡在星空下]，[一起分一塊麵包|一起數星星|"
    "向每個路人打聽|唱著古老的歌]。",
    "雨下了[一整天|一整夜|整整三天]，{helper.name}卻[說了一個又一個故事|從不灰心|一直看著火堆]。",
    "{hero.name}累了，{helper.name}就[唱一首歌|說一個笑話|找個乾的地方休息]。",
]
RIVAL = [
    "最後，[在一座舊橋上|在一間小屋前|在磨坊後面|在湖邊|在高塔上]，他們找到了一{rival.measure}[驕傲|孤單|固執|機靈|沉默]的"
    "{rival.kind}{rival.name}，和那{thing.measure}{colour}的{thing}。",
    "[在一座舊橋上|在一間小屋前|在磨坊後面|在湖邊|在高塔上]，坐著一{rival.measure}[驕傲|孤單|固執|機靈|沉默]的{rival.kind}，"
    "名叫{rival.name}，身邊有那{thing.measure}{colour}的{thing}。",
]
QUARREL = [
    "「那是我的{thing}。」{hero.name}說。「[現在不是了|現在是我的了|我也需要它]。」{rival.name}[說|回答]。",
    "「請把{thing}還給我，好嗎？」{hero.name}問。{rival.name}[搖搖頭|好一會兒沒有說話|把頭轉開]。",
]
CONTEST = [
    "「那就用{contest}來決定吧。」{helper.name}說。",
    "最後他們說好，用{contest}來決定。",
    "{helper.name}[想了一會兒|笑了笑]，說：「用{contest}來決定吧。」",
]


def outcome(winner: str, loser: str) -> Node:
    """The ending, for either winner: the same words, with the names exchanged."""
    lines = (
        [
            "{W}贏了，{L}輸了。", "{L}盡了全力，可是{W}更厲害。",
            "[只差一點點|沒有人敢出聲|大家都屏住了呼吸]，{W}勝過了{L}。", "{L}犯了一個錯，{W}就贏了。",
            "{W}贏了。{W}笑了，{L}哭了。", "{W}贏了。{L}嘆了一口氣，{W}跳起舞來。",
        ],
        [
            "於是{W}帶著{colour}的{thing}回家，{L}空著手回家。",
            "於是{thing}留在{W}身邊，{L}兩手空空地[離開|走]了。",
            "{W}拿起{colour}的{thing}，{L}[看著地上|一句話也沒說]。",
        ],
    )
    return template(_replace(lines, {"{W}": f"{{{winner}.name}}", "{L}": f"{{{loser}.name}}"}))


CLOSING = [
    "那天夜裡，{hero.name}又夢見自己{wish}。",
    "{helper.name}摟著{hero.name}的肩膀，兩個好朋友在月光下走回家。",
    "從此以後，{hero.name}和{helper.name}成了[一輩子|永遠]的朋友。",
    "[許多年後|直到今天]，{hero.name}還[常常說起這個故事|常常想起那一天|夢想著{wish}]。",
    "到了門口，{helper.name}說：「[晚安|好好睡|明天見]，{hero.name}。」",
]

STORY = template((
    OPENING, TREASURE, ["", WISH], LOSS, MEETING, ["", (GREETING, ANSWER)], GUESS, [JOURNEY, ROAD], RIVAL, ["", QUARREL],
    CONTEST,
    case("sentiment", {"happy": outcome("hero", "rival"), "sad": outcome("rival", "hero")}), CLOSING,
))
