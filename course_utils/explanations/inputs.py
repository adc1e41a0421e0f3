"""What the tokenizer says, and what the model says to inputs that it cannot take."""

from ..texts import Bilingual
from .entry import DEPENDS, NO, YES, Entry

ENTRIES = (
    Entry(
        slug="tokenizer-has-no-padding-token",
        sign="Asking to pad but the tokenizer does not have a padding token.",
        pattern=r"Asking to pad but the tokenizer does not have a padding token",
        matters=YES,
        meaning=Bilingual(
            "GPT-2 was trained without padding and has no token for it.",
            "GPT-2 訓練時沒有用過填充，所以沒有填充用的 token。",
        ),
        remedy=Bilingual(
            "Let the end-of-text token stand in for it; the attention mask keeps it out of the computation.",
            "用結尾 token（EOS）代替；注意力遮罩會讓它不參與計算。",
        ),
        code="tokenizer.pad_token = tokenizer.eos_token",
        kinds=("ValueError",),
    ),
    Entry(
        slug="texts-of-different-length",
        sign="Unable to create tensor, you should probably activate truncation and/or padding",
        pattern=r"Unable to create tensor, you should probably activate truncation and/or padding",
        matters=YES,
        meaning=Bilingual(
            "A tensor is a rectangle, and these texts have different numbers of tokens.",
            "張量必須是長方形，而這些文字的 token 數不一樣。",
        ),
        remedy=Bilingual(
            "Pad the batch, or take the texts one at a time.",
            "把批次填充成一樣長，或一次處理一段文字。",
        ),
        code="tokenizer.pad_token = tokenizer.eos_token\n"
        'inputs = tokenizer(texts, padding=True, return_tensors="pt")',
        kinds=("ValueError",),
    ),
    Entry(
        slug="classifier-needs-padding-id",
        sign="Cannot handle batch sizes > 1 if no padding token is defined.",
        pattern=r"Cannot handle batch sizes > 1 if no padding token is defined",
        matters=YES,
        meaning=Bilingual(
            "The classifier reads the last token of each text, and in a batch it cannot tell which that is until it "
            "knows the id of the padding.",
            "分類器看的是每段文字的最後一個 token。在批次裡，要知道填充的 id，才找得到那個 token。",
        ),
        remedy=Bilingual(
            "Tell the model, and pad on the right.",
            "把填充的 id 告訴模型，並在右邊填充。",
        ),
        code="tokenizer.pad_token = tokenizer.eos_token\n"
        'tokenizer.padding_side = "right"\n'
        "model.config.pad_token_id = tokenizer.pad_token_id",
        kinds=("ValueError",),
    ),
    Entry(
        slug="text-longer-than-the-model",
        sign="Token indices sequence length is longer than the specified maximum sequence length for this model",
        pattern=r"Token indices sequence length is longer than the specified maximum sequence length",
        matters=DEPENDS,
        meaning=Bilingual(
            "The text has more tokens than the model has positions. The tokenizer counts, and cuts nothing: the ids "
            "are right, but the model cannot take them in one piece.",
            "文字的 token 數超過模型的位置數。tokenizer 只是提醒，什麼都沒有截掉。id 是對的，但模型無法一次讀完。",
        ),
        remedy=Bilingual(
            "Cut the text, or go through it in windows. If you cut the ids into windows yourself, ignore this.",
            "截短文字，或分段處理。如果你自己會把 id 切成小段，可以忽略這則警告。",
        ),
        code='inputs = tokenizer(text, truncation=True, max_length=model.config.n_positions, return_tensors="pt")',
    ),
    Entry(
        slug="no-tokens-at-all",
        sign="cannot reshape tensor of 0 elements into shape [-1, 0]",
        pattern=r"cannot reshape tensor of 0 elements into shape \[-1, 0\]",
        matters=YES,
        meaning=Bilingual(
            "The model got no tokens. Either the prompt is empty, or the tokenizer is: without a network, "
            '`GPT2Tokenizer.from_pretrained("gpt2")` returns one that knows no tokens, and says nothing.',
            "模型沒有收到任何 token。可能提示詞（prompt）是空的，也可能 tokenizer 是空的。沒有網路時，"
            '`GPT2Tokenizer.from_pretrained("gpt2")` 會回傳一個不認得任何 token 的 tokenizer，而且毫無警告。',
        ),
        remedy=Bilingual(
            "See how many tokens the tokenizer knows; begin an empty prompt with the end-of-text token.",
            "看看 tokenizer 認得幾個 token；提示詞是空的時候，請從結尾 token（EOS）開始。",
        ),
        code="print(len(tokenizer))\ninput_ids = torch.tensor([[tokenizer.eos_token_id]])",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="text-in-place-of-a-tensor",
        sign="'list' object has no attribute 'size'",
        pattern=r"'(?:str|list)' object has no attribute '(?:size|shape)'",
        matters=YES,
        meaning=Bilingual(
            "The model wants a tensor of ids and got text, or a plain list of numbers.",
            "模型需要的是 id 的張量，收到的卻是文字，或是一般的 Python list。",
        ),
        remedy=Bilingual(
            "Let the tokenizer return tensors.",
            "讓 tokenizer 回傳張量。",
        ),
        code='inputs = tokenizer(text, return_tensors="pt")\nmodel(**inputs)',
        kinds=("AttributeError",),
        where=r"(?:input_ids\.size|inputs_tensor\.shape)",
    ),
    Entry(
        slug="encoding-not-unpacked",
        sign="KeyError: 'size' (then an AttributeError without a message)",
        pattern=r"KeyError: '(?:size|shape)'",
        matters=YES,
        meaning=Bilingual(
            "You passed the tokenizer's whole result as one argument. It is a dictionary: `input_ids` and "
            "`attention_mask` are in it.",
            "你把 tokenizer 的整個結果當成一個引數傳入。這個結果是 dict，裡面有 `input_ids` 和 `attention_mask`。",
        ),
        remedy=Bilingual(
            "Unpack it with two stars.",
            "用兩個星號把它展開。",
        ),
        code='inputs = tokenizer(text, return_tensors="pt")\nmodel(**inputs)',
        kinds=("AttributeError", "KeyError"),
        where=r"self\.data\[item\]",
    ),
    Entry(
        slug="batch-dimension-missing",
        sign="too many indices for tensor of dimension 2",
        pattern=r"too many indices for tensor of dimension 2",
        matters=YES,
        meaning=Bilingual(
            "The ids have one dimension, and the model wants two: a batch of sequences.",
            "id 只有一個維度，而模型需要兩個維度，也就是一批序列。",
        ),
        remedy=Bilingual(
            "Put a batch of one around them.",
            "把它包成只有一個序列的批次。",
        ),
        code="model(input_ids[None, :])",
        kinds=("IndexError",),
        where=r"logits_to_keep",
    ),
    Entry(
        slug="ids-are-not-integers",
        sign="Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int",
        pattern=r"Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int",
        matters=YES,
        meaning=Bilingual(
            "Ids choose rows of the embedding, so they must be integers; these are floats.",
            "id 用來選出嵌入的某一列（row），所以必須是整數；你傳入的是浮點數。",
        ),
        remedy=Bilingual(
            "Make them integers. If they are vectors already, pass them as `inputs_embeds`.",
            "把 id 轉成整數。如果你傳的本來就是向量，請改用 `inputs_embeds` 傳入。",
        ),
        code="model(input_ids.long())",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="token-id-out-of-range",
        sign="index out of range in self",
        pattern=r"index out of range in self",
        matters=YES,
        meaning=Bilingual(
            "An id is negative, or not smaller than the vocabulary: the embedding has no such row. Tokenizer and "
            "model do not belong together, or you added tokens to the tokenizer only. (-100 is for `labels` alone.)",
            "有個 id 是負數，或不小於詞彙表的大小，嵌入裡沒有那一列（row）。可能是 tokenizer 和模型不是同一套，"
            "也可能是你只在 tokenizer 裡加了 token。（-100 只能用在 `labels`。）",
        ),
        remedy=Bilingual(
            "Compare the two sizes; after adding tokens, resize the embedding.",
            "比較兩者的大小；加了 token 之後，要調整嵌入的大小。",
        ),
        code="print(input_ids.min(), input_ids.max(), model.config.vocab_size, len(tokenizer))\n"
        "model.resize_token_embeddings(len(tokenizer))",
        kinds=("IndexError",),
        where=r"\bwte\b",
    ),
    Entry(
        slug="new-embeddings-resized",
        sign="The new embeddings will be initialized from a multivariate normal distribution",
        pattern=r"The new embeddings will be initialized from a multivariate normal distribution",
        matters=NO,
        meaning=Bilingual(
            "The new tokens' embeddings were drawn close to the mean of the old ones, so their probability is small to "
            "begin with. They have learned nothing yet.",
            "新 token 的嵌入取在舊嵌入的平均附近，所以一開始的機率很小；這些嵌入還沒有訓練過。",
        ),
        remedy=Bilingual(
            "Nothing to do now; train the model on texts that hold the new tokens. Do not follow the message's "
            "advice to switch this off: with `mean_resizing=False` a new token's logit is near 0, while those of the "
            "original GPT-2 lie far below 0, and the new token takes all of the probability.",
            "現在不必處理，之後請用含有新 token 的文字訓練模型。不要照訊息的建議關掉它，因為設成 `mean_resizing=False` 時，"
            "新 token 的 logit 接近 0，而原版 GPT-2 的 logits 遠低於 0，機率會全部落到新 token 上。",
        ),
        code="model.resize_token_embeddings(len(tokenizer))  # mean_resizing stays True",
    ),
    Entry(
        slug="old-tokenizer-method",
        sign="TokenizersBackend has no attribute encode_plus",
        pattern=r"TokenizersBackend has no attribute '?(?:(?:batch_)?encode_plus|prepare_for_model|"
        r"build_inputs_with_special_tokens|truncate_sequences)",
        matters=YES,
        meaning=Bilingual(
            "Older tutorials call this method; transformers 5 has it no more, such as `encode_plus` and `prepare_for_model`.",
            "舊教學會呼叫這個方法，transformers 5 已經沒有了，例如 `encode_plus` 和 `prepare_for_model`。",
        ),
        remedy=Bilingual(
            "Call the tokenizer itself, with one text or a list.",
            "直接呼叫 tokenizer，傳入一段文字或一個 list。",
        ),
        code='inputs = tokenizer(texts, padding=True, return_tensors="pt")',
        kinds=("AttributeError",),
    ),
    Entry(
        slug="no-chat-template",
        sign="Cannot use chat template functions because tokenizer.chat_template is not set",
        pattern=r"Cannot use chat template functions because tokenizer\.chat_template is not set",
        matters=YES,
        meaning=Bilingual(
            "GPT-2 continues text and was never trained to chat, so it has no chat template.",
            "GPT-2 只會接著往下寫，沒有受過聊天的訓練，所以沒有聊天樣板（chat template）。",
        ),
        remedy=Bilingual(
            "Write the dialogue as ordinary text and let the model continue it.",
            "把對話寫成一般的文字，讓模型接下去。",
        ),
        code='prompt = "Question: Where is the cat?\\nAnswer:"\ninputs = tokenizer(prompt, return_tensors="pt")',
        kinds=("ValueError",),
    ),
    Entry(
        slug="logits-are-not-ids",
        sign="'float' object cannot be interpreted as an integer",
        pattern=r"'float' object cannot be interpreted as an integer",
        matters=YES,
        meaning=Bilingual(
            "`decode` wants ids and got floats: logits or probabilities, most likely.",
            "`decode` 需要的是 id，收到的卻是浮點數，多半是 logits 或機率。",
        ),
        remedy=Bilingual(
            "Choose a token first.",
            "先選出 token。",
        ),
        code="tokenizer.decode(logits[0, -1].argmax())",
        kinds=("TypeError",),
        where=r"\bdecode\(",
    ),
)
